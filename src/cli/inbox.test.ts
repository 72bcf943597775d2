import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { ended, open, secret, signed } from "../../test/support/inboxes.ts";

const command = fileURLToPath(new URL("./inbox.ts", import.meta.url));
const script = `import { inboxCommand } from ${JSON.stringify(command)};
await inboxCommand().parseAsync(process.argv.slice(1), { from: "user" });`;

interface Run {
  readonly child: ChildProcess;
  readonly lines: string[];
  readonly errors: string[];
  /** Resolves with the first line, seen or to come, that fits. */
  line(pattern: RegExp): Promise<string>;
}

const running: ChildProcess[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, "--", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  running.push(child);
  const lines: string[] = [];
  const errors: string[] = [];
  const output = createInterface({ input: child.stdout });
  output.on("line", (line) => lines.push(line));
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  async function line(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = lines.find((one) => pattern.test(one));
      if (found !== undefined) return found;
      await once(output, "line");
    }
  }
  return { child, lines, errors, line };
}

async function exitOf({ child }: Run): Promise<number | null> {
  const [code] = await once(child, "close");
  return code;
}

describe("offhook inbox", () => {
  it("says where it is, shows what comes, and stops cleanly", async () => {
    const inbox = run(["--port", "0", "--raw", "--fail", "503x1"], {
      OFFHOOK_INBOX_SECRET: secret,
    });
    const hint = await inbox.line(/WEBHOOK_URL = /);
    await inbox.line(/^Failing on purpose: 503x1/);
    const url = hint.replace(/.* = /, "");
    const body = JSON.stringify(ended);
    const send = () => fetch(url, { method: "POST", body, headers: signed(body) });
    expect((await send()).status).toBe(503);
    await inbox.line(/failed on purpose: 503/);
    expect((await send()).status).toBe(200);
    expect(await inbox.line(/✓ signed/)).toMatch(/Missed +420774852629 → 804/);
    await inbox.line(/^ +\{"event":"incoming"/);
    inbox.child.kill("SIGTERM");
    expect(await exitOf(inbox)).toBe(0);
    expect(inbox.lines.at(-1)).toBe("Stopped; 2 webhooks kept until now.");
    expect(inbox.errors).toEqual([]);
    expect(inbox.lines.join()).not.toContain(secret);
  });

  it.each([
    [["--port", "70000"], "Expected a port from 0 to 65535."],
    [["--port", "0", "--secret", "hunter2"], "Expected a secret of the form whsec_…"],
    [["--port", "0", "--fail", "maybe"], 'Expected a way to fail, got "maybe".'],
  ])("refuses %j in a sentence", async (args, sentence) => {
    const refused = run(args);
    expect(await exitOf(refused)).toBe(1);
    expect(refused.errors).toHaveLength(1);
    expect(refused.errors[0]).toContain(sentence);
    expect(refused.errors[0]).not.toContain("hunter2");
  });

  it("tells the way out when the port is in use", async () => {
    const { port } = new URL((await open()).url);
    const refused = run(["--port", port]);
    expect(await exitOf(refused)).toBe(1);
    expect(refused.errors).toEqual([
      `error: Expected to listen on 127.0.0.1:${port}, but that port is in use. ` +
        "Choose another port (0 takes any free one), or stop the program that has it.",
    ]);
  });

  it("prints its certificate with --tls", async () => {
    const inbox = run(["--port", "0", "--tls"]);
    await inbox.line(/-----END CERTIFICATE-----/);
    expect(await inbox.line(/WEBHOOK_URL/)).toContain("https://127.0.0.1:");
    inbox.child.kill("SIGINT");
    expect(await exitOf(inbox)).toBe(0);
  });
});
