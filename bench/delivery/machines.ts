/**
 * The servers that the bench needs: nginx as the sink, Redis twice, PostgreSQL. Each is started on loopback with
 * a folder of its own under a temporary one, and stopped with the bench; no service of the machine is touched.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const startMsMax = 20_000;
const setUp = "Run bench/setup.sh first: it installs what the bench compares with.";

export interface Machines {
  /** Temporary; goes with the machines. */
  readonly folder: string;
  /** Answers every POST with 204 and looks at nothing. */
  readonly sink: string;
  /** Requests that the sink has answered so far, those for this count included. */
  readonly sinkCount: () => Promise<number>;
  readonly redisAlways: number;
  readonly redisEverysec: number;
  readonly postgres: string;
  readonly versions: readonly string[];
  stop(): Promise<void>;
}

export async function startMachines(): Promise<Machines> {
  const folder = mkdtempSync(join(tmpdir(), "offhook-bench-"));
  const children: ChildProcess[] = [];
  async function stop(): Promise<void> {
    await Promise.all(children.map(ended));
    await rm(folder, { recursive: true, force: true });
  }
  try {
    const [sinkPort, redisAlways, redisEverysec, postgresPort] = await freePorts(4);
    children.push(startNginx(folder, sinkPort));
    children.push(startRedis(folder, redisAlways, "always"));
    children.push(startRedis(folder, redisEverysec, "everysec"));
    children.push(startPostgres(folder, postgresPort));
    const ports = [sinkPort, redisAlways, redisEverysec, postgresPort];
    await Promise.all(ports.map(untilListening));
    const sink = `http://127.0.0.1:${sinkPort}`;
    const sinkCount = () => countOf(sink);
    const postgres = `postgres://bench@127.0.0.1:${postgresPort}/postgres`;
    await untilPostgresAnswers(postgresPort);
    return {
      ...{ folder, sink, sinkCount, redisAlways, redisEverysec, postgres },
      ...{ versions: versions(), stop },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function freePorts(
  count: number,
): Promise<number[] & { 0: number; 1: number; 2: number; 3: number }> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await new Promise((resolve) => server.once("listening", resolve));
      const address = server.address();
      await new Promise((resolve) => server.close(resolve));
      return address !== null && typeof address === "object" ? address.port : 0;
    }),
  );
  return Object.assign(ports, {
    0: ports[0] ?? 0,
    1: ports[1] ?? 0,
    2: ports[2] ?? 0,
    3: ports[3] ?? 0,
  });
}

function startNginx(folder: string, port: number): ChildProcess {
  const own = join(folder, "nginx");
  mkdirSync(own);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${own}/${kind};`,
  );
  writeFileSync(
    join(own, "nginx.conf"),
    `daemon off; worker_processes 1; pid ${own}/pid; error_log ${own}/error.log;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; ${temporary.join(" ")}
  server {
    listen 127.0.0.1:${port} backlog=1024;
    location / { return 204; }
    location = /count { stub_status; }
  }
}
`,
  );
  const nginx = binary(["/usr/sbin/nginx"]);
  return start(nginx, ["-p", own, "-e", `${own}/error.log`, "-c", `${own}/nginx.conf`]);
}

function startRedis(folder: string, port: number, fsync: "always" | "everysec"): ChildProcess {
  const own = join(folder, `redis-${fsync}`);
  mkdirSync(own);
  const said = {
    port,
    bind: "127.0.0.1",
    dir: own,
    appendonly: "yes",
    appendfsync: fsync,
    save: "",
    "maxmemory-policy": "noeviction",
    logfile: join(own, "log"),
  };
  const args = Object.entries(said).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return start(binary(["/usr/bin/redis-server", "/usr/local/bin/redis-server"]), args);
}

/** As Debian ships it, fsync on, with memory enough for what is stored here. Refuses to run as root. */
function startPostgres(folder: string, port: number): ChildProcess {
  const bin = postgresBin();
  const own = join(folder, "postgres");
  mkdirSync(own);
  const as = accountOf("postgres");
  if (as !== null) {
    execFileSync("chmod", ["o+x", folder]);
    chownSync(own, as.uid, as.gid);
  }
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8" };
  const asOwner = { ...as, env, cwd: own, stdio: "ignore" } as const;
  const initdb = ["-D", `${own}/data`, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-sync"];
  execFileSync(join(bin, "initdb"), initdb, asOwner);
  const settings = [
    ...["listen_addresses=127.0.0.1", `port=${port}`, `unix_socket_directories=${own}`],
    ...["fsync=on", "synchronous_commit=on", "shared_buffers=512MB", "max_connections=200"],
    ...["max_wal_size=4GB"],
  ];
  const args = ["-D", `${own}/data`, ...settings.flatMap((setting) => ["-c", setting])];
  return spawn(join(bin, "postgres"), args, asOwner);
}

function postgresBin(): string {
  const root = "/usr/lib/postgresql";
  const found = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  const [newest] = found;
  if (newest === undefined) throw new Error(`Expected PostgreSQL in ${root}, found none. ${setUp}`);
  return join(root, newest, "bin");
}

function accountOf(name: string): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const ask = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: ask("-u"), gid: ask("-g") };
}

function binary(places: readonly string[]): string {
  const found = places.find((place) => existsSync(place));
  if (found === undefined) throw new Error(`Expected ${places.join(" or ")}, found none. ${setUp}`);
  return found;
}

function start(file: string, args: readonly string[]): ChildProcess {
  return spawn(file, args, { stdio: "ignore" });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGINT");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await gone;
  clearTimeout(killer);
}

async function untilListening(port: number): Promise<void> {
  const deadline = performance.now() + startMsMax;
  while (!(await answers(port))) {
    if (performance.now() > deadline) throw new Error(`Expected a server on port ${port}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => done(true)).once("error", () => done(false));
  });
}

/** It listens before it lets anybody in. */
async function untilPostgresAnswers(port: number): Promise<void> {
  const ready = join(postgresBin(), "pg_isready");
  const deadline = performance.now() + startMsMax;
  for (;;) {
    try {
      execFileSync(ready, ["-q", "-h", "127.0.0.1", "-p", String(port)]);
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function countOf(sink: string): Promise<number> {
  const answer = await fetch(`${sink}/count`);
  const [, , handled] = /requests\s+(\d+) (\d+) (\d+)/.exec(await answer.text())?.slice(1) ?? [];
  return Number(handled);
}

function versions(): string[] {
  const ask = (file: string, args: readonly string[]) =>
    execFileSync("sh", ["-c", `"$0" "$@" 2>&1`, file, ...args], { encoding: "utf8" });
  const nginx = /nginx\/(\S+)/.exec(ask("/usr/sbin/nginx", ["-v"]))?.[1];
  const redis = /v=(\S+)/.exec(ask(binary(["/usr/bin/redis-server"]), ["--version"]))?.[1];
  const postgres = /\) (\S+)/.exec(ask(join(postgresBin(), "postgres"), ["--version"]))?.[1];
  return [`nginx ${nginx}`, `Redis ${redis}`, `PostgreSQL ${postgres}`];
}
