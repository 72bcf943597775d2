/** The command line in this process: what it prints and what it ends with. */
import { vi } from "vitest";
import { runCli } from "../../src/cli/program.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export async function offhook(args: readonly string[], cwd = "/"): Promise<Ran> {
  const said = { out: "", err: "" };
  const note = (stream: "out" | "err") => (text: string | Uint8Array) => {
    said[stream] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(note("out")),
    vi.spyOn(process.stderr, "write").mockImplementation(note("err")),
  ];
  try {
    const code = await runCli(["node", "offhook", ...args], { env: {}, cwd });
    return { code, ...said };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
