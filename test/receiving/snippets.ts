/** The programs of docs/receiving.md, each in a folder of its own, and where their languages are found. */
import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, readFileSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { VectorCase } from "./vectors.ts";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const document = readFileSync(join(root, "docs", "receiving.md"), "utf8");

/** The code block behind `<!-- name -->`. */
function snippet(name: string): string {
  const [, after = ""] = document.split(`<!-- ${name} -->\n`);
  const code = /^```\w+\n(.*?)^```$/ms.exec(after)?.[1];
  if (code === undefined) throw new Error(`Expected a code block ${name} in docs/receiving.md.`);
  return code;
}

export interface Language {
  readonly name: string;
  /** Programs of which one must be there. */
  readonly programs: readonly string[];
  /** A missing one fails the test. */
  readonly needed: boolean;
  /** The block with the function and the file that runs it over the cases. */
  readonly verify: string;
  readonly harness: readonly [from: string, to: string];
  readonly run: (program: string) => readonly (readonly string[])[];
  /** The block with a whole receiver, if it can be run by itself. */
  readonly receive: string | null;
  readonly serve: (program: string, port: number) => readonly string[];
}

/** Node's verifier is a module of ours: its vectors are in src/receiver/receiver.test.ts. */
export const LANGUAGES: readonly Language[] = [
  {
    name: "Python",
    programs: ["python3"],
    needed: true,
    verify: "verify.py",
    harness: ["harness.py", "harness.py"],
    run: (python) => [[python, "harness.py"]],
    receive: "receive.py",
    serve: (python) => [python, "receive.py"],
  },
  {
    name: "PHP",
    programs: ["php", "php8.2"],
    needed: false,
    verify: "verify.php",
    harness: ["harness.php", "harness.php"],
    run: (php) => [[php, "harness.php"]],
    receive: "receive.php",
    serve: (php, port) => [php, "-S", `127.0.0.1:${port}`, "receive.php"],
  },
  {
    name: "Go",
    programs: ["go"],
    needed: false,
    verify: "verify.go",
    harness: ["harness.go.txt", "harness.go"],
    run: (go) => [[go, "run", "verify.go", "harness.go"]],
    receive: "receive.go",
    serve: (go) => [go, "run", "verify.go", "receive.go"],
  },
  {
    name: "C#",
    programs: ["mcs"],
    needed: false,
    verify: "Verify.cs",
    harness: ["Harness.cs", "Harness.cs"],
    run: (mcs) => [
      [mcs, "-out:verify.exe", "Verify.cs", "Harness.cs"],
      ["mono", "verify.exe"],
    ],
    receive: null,
    serve: () => [],
  },
];

/** The first of the programs on the PATH, null if there is none. */
export function find(programs: readonly string[]): string | null {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    for (const program of programs) {
      const path = join(folder, program);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not there.
      }
    }
  }
  return null;
}

/** A folder with these blocks and files in it, removed after the test. */
export async function folderWith(
  blocks: readonly string[],
  files: readonly (readonly [from: string, to: string])[] = [],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "offhook-snippet-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const block of blocks) await writeFile(join(folder, block), snippet(block));
  for (const [from, to] of files) await copyFile(join(here, from), join(folder, to));
  return folder;
}

/** Makes `offhook/receiver` known in a folder, from the sources. */
export async function linkReceiver(folder: string): Promise<void> {
  const module = join(folder, "node_modules", "offhook");
  await mkdir(module, { recursive: true });
  const manifest = { name: "offhook", type: "module", exports: { "./receiver": "./index.ts" } };
  await writeFile(join(module, "package.json"), JSON.stringify(manifest));
  await symlink(join(root, "src", "receiver", "index.ts"), join(module, "index.ts"));
}

/** One line for each case: its parts in base64, between tabs. */
export function casesAsLines(cases: readonly VectorCase[]): string {
  const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64");
  return cases
    .map(({ secrets, headers, target, body, now }) => {
      const named = ["webhook-id", "webhook-timestamp", "webhook-signature"];
      const given = named.map((name) => headers[name] ?? "");
      return [secrets.join(" "), ...given, target, body, String(now)].map(base64).join("\t");
    })
    .join("\n");
}

/** Runs commands one after the other, the input to the last; what that prints. */
export function runAll(commands: readonly (readonly string[])[], cwd: string, input: string) {
  let printed = "";
  for (const [program = "", ...args] of commands) {
    const ran = spawnSync(program, args, { cwd, input, encoding: "utf8", timeout: 120_000 });
    if (ran.status !== 0) {
      throw new Error(`${program} ${args.join(" ")}: ${ran.stderr || String(ran.error)}`);
    }
    printed = ran.stdout;
  }
  return printed;
}

/** Starts a receiver, ended (with its children: `go run` has one) after the test. */
export function start(command: readonly string[], cwd: string, env: Record<string, string>) {
  const [program = "", ...args] = command;
  const { PATH, HOME, TMPDIR, GOROOT, GOCACHE } = process.env;
  const child = spawn(program, args, {
    cwd,
    env: { PATH, HOME, TMPDIR, GOROOT, GOCACHE, ...env },
    detached: true,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  onTestFinished(() => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
  });
  return { output: () => output, exited: () => child.exitCode !== null };
}
