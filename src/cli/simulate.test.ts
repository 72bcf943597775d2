/** `offhook simulate` as a process: starts, is told what happens, stops. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { simulateCommand } from "./simulate.ts";

const MODULE = new URL("./simulate.ts", import.meta.url).href;
const ENTRY = `
  const { simulateCommand } = await import(${JSON.stringify(MODULE)});
  const command = simulateCommand();
  for (const each of [command, ...command.commands]) each.exitOverride();
  await command.parseAsync(process.argv.slice(1), { from: "user" }).catch((error) => {
    process.exitCode = error.exitCode;
  });
`;

const running: ChildProcessWithoutNullStreams[] = [];

afterEach(() => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
});

function simulate(...args: readonly string[]) {
  const child = spawn(process.execPath, ["--input-type=module", "-e", ENTRY, "--", ...args]);
  running.push(child);
  let said = "";
  const hears: (() => void)[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      for (const hear of hears) hear();
    });
  }
  const over = once(child, "close").then(([code]: unknown[]) => ({ code, said }));
  const hear = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const found = pattern.exec(said);
        if (found) resolve(found);
      };
      hears.push(look);
      look();
      void over.then(() => reject(new Error(`Expected ${String(pattern)}, got: ${said}`)));
    });
  return { child, hear, over };
}

describe("offhook simulate", () => {
  it("serves, is told what happens by the other commands, stops cleanly", async () => {
    const server = simulate(
      ...["--port", "0", "--tls", "--loopback-port", "0", "--set", "flickerChance=0"],
    );
    const [, url = ""] = await server.hear(/PBX_URL = (\S+)/);
    const [, plain] = await server.hear(/Without TLS, for this machine alone: (\S+)/);
    expect((await fetch(`${plain}/connect/token`)).status).toBe(405);
    const at = ["--url", url.replace("https://", "")];
    const call = await simulate("call", "--did", "420222000100", ...at).over;
    expect(call).toEqual({ code: 0, said: "Call 1.\n" });
    const state = await simulate("state", ...at).over;
    expect(state.said).toMatch(/^Call 1: 10007 MyTrunk \(420777000001\) → 800 Support, Routing\n/);
    expect(state.said).toMatch(/101 Ringing with 420777000001/);
    const wrong = await simulate("answer", "150", ...at).over;
    expect(wrong.code).toBe(1);
    expect(wrong.said).toMatch(/^Expected a call ringing at 150, there is none\./);
    server.child.kill("SIGTERM");
    expect(await server.over).toMatchObject({
      code: 0,
      said: expect.stringMatching(/Stopped\.\n$/),
    });
  });

  it("plays at the pace that play was told", async () => {
    const bodies: unknown[] = [];
    const server = createHttpServer(async (request, response) => {
      bodies.push(JSON.parse(await text(request)));
      response.setHeader("content-type", "application/json").end("{}");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const at = ["--url", `http://127.0.0.1:${port}`];
    expect(await simulate("play", "held", "--pace", "0.1", ...at).over).toMatchObject({ code: 0 });
    expect(bodies).toEqual([{ scene: "held", pace: 0.1 }]);
    server.close();
  });

  it("leaves the loopback port out, and ends if one asked for cannot be had", async () => {
    const server = simulate("--port", "0", "--tls", "--loopback-port", "none");
    await server.hear(/--list +all scenes/);
    server.child.kill("SIGTERM");
    const { said } = await server.over;
    expect(said).not.toMatch(/Without TLS|Expected/);
    const taken = createServer();
    await once(taken.listen(0, "127.0.0.1"), "listening");
    const { port } = taken.address() as AddressInfo;
    expect(await simulate("--port", "0", "--loopback-port", `${port}`).over).toEqual({
      code: 1,
      said: expect.stringMatching(/another program listens there\. Choose another with --loopback/),
    });
    taken.close();
  });

  it.each([
    [["--set", "nonsense=1"], /Unrecognized key: "nonsense"/],
    [["--set", "partyDid=blue"], /Invalid option/],
    [["--port", "x"], /Expected a port from 0 to 65535/],
    [["play", "opera", "--pace", "x"], /Expected a number from 0 to 100/],
    [["--play", "opera"], /Expected the name of a scene, got "opera"/],
    [["--ca-file", "x.pem"], /Expected --tls with --ca-file/],
    [["answer"], /Expected an extension or --call/],
    [["state", "--url", "http://127.0.0.1:9"], /Expected a simulator at .*, none answers\./],
  ])("%j: one sentence and an exit code", async (args, sentence) => {
    const said: string[] = [];
    const command = simulateCommand();
    for (const each of [command, ...command.commands]) {
      each.exitOverride().configureOutput({ writeErr: (text) => said.push(text) });
    }
    const parsed = command.parseAsync(args, { from: "user" });
    await expect(parsed).rejects.toMatchObject({ exitCode: expect.any(Number) });
    expect(said.join("")).toMatch(sentence);
  });
});
