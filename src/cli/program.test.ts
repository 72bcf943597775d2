/** Exit codes and sentences: what a stranger meets first. */
import { describe, expect, it } from "vitest";
import { offhook } from "../../test/support/cli.ts";

type Row = readonly [args: readonly string[], says: RegExp];

const commands = ["start", "check", "demo", "simulate", "inbox", "send-test", "version"];

describe("offhook", () => {
  const helps: readonly Row[] = commands.map((name) => [
    [name, "--help"],
    new RegExp(`^Usage: offhook ${name}`),
  ]);

  it.each<Row>([
    [["version"], /^\d+\.\d+\.\d+\n$/],
    [["--version"], /^\d+\.\d+\.\d+\n$/],
    [["--help"], /First steps:/],
    [["help"], /Exit codes:/],
    ...helps,
  ])("%j is done", async (args, out) => {
    const ran = await offhook(args);
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toMatch(out);
  });

  it.each<Row>([
    [[], /First steps:/],
    [
      ["strat"],
      /^error: unknown command 'strat'\n\(Did you mean start\?\)\nSee offhook --help\.\n$/,
    ],
    [
      ["start", "--cofnig", "x"],
      /^error: unknown option '--cofnig'[\s\S]*See offhook start --help\.\n$/,
    ],
    [["check", "--config"], /^error: option '--config <file>' argument missing\nSee offhook check/],
    [["version", "extra"], /^error: too many arguments/],
    [["demo", "--pace", "x"], /^error: Expected a pace from 0\.05 to 100, got "x"\.\n$/],
    [["inbox", "--port", "x"], /^error: option '--port <number>' argument 'x' is invalid\./],
    [["simulate", "--port", "x"], /Expected a port from 0 to 65535\./],
    [["simulate", "--loopback-port", "x"], /Expected a port from 0 to 65535\./],
    [["simulate", "--play", "opera"], /^error: Expected the name of a scene, got "opera"\./],
    [["simulate", "--ca-file", "x"], /^error: Expected --tls with --ca-file/],
    [["simulate", "answer"], /^error: Expected an extension or --call/],
    [["simulate", "--set", "nonsense=1"], /Unrecognized key: "nonsense"/],
  ])("%j is misuse: one error with the way out, nothing done", async (args, err) => {
    const ran = await offhook(args);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toMatch(err);
  });

  it.each(["start", "check", "send-test"])(
    "%s without its ini tells where it looked",
    async (name) => {
      const ran = await offhook([name, "--config", "none.ini"], "/nowhere");
      expect(ran).toMatchObject({ code: 2, out: "" });
      expect(ran.err).toMatch(
        /^error {2}\/nowhere\/none\.ini {2}found no such file, expected an ini/,
      );
      expect(ran.err).toMatch(/\nerror: The configuration is wrong; nothing was done\.\n$/);
    },
  );

  it("tells what did not work in one sentence", async () => {
    const ran = await offhook(["simulate", "state", "--url", "http://127.0.0.1:9"]);
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(
      /^error: Expected a simulator at http:\/\/127\.0\.0\.1:9, none answers\./,
    );
  });
});
