/**
 * The built program as an operator runs it: a child process with an ini in a folder of its own. Everything
 * that it prints is kept, and everything that it may do to the machine ends with the test.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Facts, factMsMax } from "./facts.ts";
import { clientId, clientSecret } from "./standIn.ts";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const node = join(root, "node_modules/.bin/node");
export const entry = join(root, "dist/main.js");

/** Lines of an ini; what is said later in a test stands below. */
export type Ini = readonly string[];

/** The least that every ini of ours has: the PBX, a free port, quick polls. */
export function pbxLines(url: string, secret = clientSecret): Ini {
  return [
    `PBX_URL = ${url}`,
    `PBX_CLIENT_ID = ${clientId}`,
    `PBX_CLIENT_SECRET = ${secret}`,
    "PBX_TIMEZONE = Europe/Prague",
    "PBX_RECONNECT_MIN_MS = 20",
    "PBX_RECONNECT_MAX_MS = 100",
    "ACTIVE_CALLS_POLL_MS = 50",
    "LISTEN = 127.0.0.1:0",
  ];
}

/** Soon again and again: no delivery is given up, however long a machine stalls. */
export const quickRetries = `RETRY_SCHEDULE = 0.02,0.05,0.1,0.2,${Array(30).fill("0.3")},${Array(60).fill("2")}`;

export interface Readiness {
  readonly status: number;
  readonly body: { readonly status?: string; readonly reasons?: readonly { reason: string }[] };
}

export class Offhook {
  readonly facts = new Facts();
  /** Standard output and standard error, as they came. */
  output = "";
  exitCode: number | null = null;
  readonly #child: ChildProcess;

  constructor(args: readonly string[], cwd: string) {
    const { PATH, HOME, TMPDIR } = process.env;
    this.#child = spawn(node, [entry, ...args], { cwd, env: { PATH, HOME, TMPDIR } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        this.facts.changed();
      });
    }
    this.#child.once("close", (code, signal) => {
      this.exitCode = code ?? (signal === null ? -1 : 128);
      this.facts.changed();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The log's lines that carry this text. */
  lines(text: string): string[] {
    return this.output.split("\n").filter((line) => line.includes(text));
  }

  until(fact: () => boolean, what: string): Promise<void> {
    return this.facts.until(fact, what, () => `It printed:\n${this.output.slice(-6_000)}`);
  }

  /** Until the log says it this often. */
  async says(text: string, times = 1): Promise<void> {
    await this.until(() => this.lines(text).length >= times, `${times} × "${text}" in the log`);
  }

  async url(): Promise<string> {
    await this.until(() => this.#url() !== "" || this.exitCode !== null, "the program to start");
    if (this.#url() === "") throw new Error(`Expected the program to start. ${this.output}`);
    return this.#url();
  }

  async readiness(): Promise<Readiness> {
    const answer = await fetch(`${await this.url()}/readyz`);
    return { status: answer.status, body: (await answer.json()) as Readiness["body"] };
  }

  /** Asks until the answer is as wished, at a pace that leaves the program its processor. */
  async untilReadiness(wished: (readiness: Readiness) => boolean): Promise<Readiness> {
    let last: Readiness | null = null;
    const deadline = performance.now() + factMsMax;
    while (performance.now() < deadline) {
      last = await this.readiness();
      if (wished(last)) return last;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`Expected another /readyz, got ${JSON.stringify(last)}.\n${this.output}`);
  }

  async ready(): Promise<this> {
    await this.untilReadiness(({ status }) => status === 200);
    return this;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async exited(): Promise<number> {
    await this.until(() => this.exitCode !== null, "the program to end");
    return this.exitCode ?? -1;
  }

  /** As an operator stops it. */
  async stop(): Promise<number> {
    this.signal("SIGTERM");
    return this.exited();
  }

  /** As the power cut does. */
  async crash(): Promise<void> {
    this.signal("SIGKILL");
    await this.exited();
  }

  #url(): string {
    return /"url":"(http:[^"]+)","msg":"started"/.exec(this.output)?.[1] ?? "";
  }
}

/** A folder with an ini, and the programs that were started in it. */
export class Installation {
  readonly folder: string;
  readonly #started: Offhook[] = [];

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Installation> {
    return new Installation(await mkdtemp(join(tmpdir(), "offhook-e2e-")));
  }

  async put(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await writeFile(path, text, { mode: 0o600 });
    return path;
  }

  async read(name: string): Promise<string> {
    return readFile(join(this.folder, name), "utf8");
  }

  async configure(ini: Ini): Promise<void> {
    await this.put("TCXWebAPI.ini", `${ini.join("\n")}\n`);
  }

  /** `offhook start --config FILE` on what was configured last. */
  start(): Offhook {
    const args = ["start", "--config", join(this.folder, "TCXWebAPI.ini")];
    const offhook = new Offhook(args, this.folder);
    this.#started.push(offhook);
    return offhook;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#started.map((each) => each.exitCode === null && each.crash()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
