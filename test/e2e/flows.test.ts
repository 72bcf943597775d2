/**
 * The published flows on the built program: a V20 on one side, a customer's receiver on the other, nothing
 * of ours in between but the process. What must arrive stands in `expected/` (docs/contract.md §2-§4, §7, §8).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Installation, pbxLines } from "../support/process.ts";
import { type Received, Receiver } from "../support/receiver.ts";
import {
  expectedFields,
  expectedLines,
  receivedFields,
  type Scheme,
  schemes,
} from "../support/receiverExpected.ts";
import { callIdOf, expectWhole, field, header, verify } from "../support/receiverWebhook.ts";
import { StandIn, type StandInOptions } from "../support/standIn.ts";
import { type Habits, plainHabits } from "../support/standInCall.ts";
import { flows, onSingleRule, playAll } from "../support/standInFlows.ts";
import { testCertificates } from "../support/standInTls.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const certificates = await testCertificates();

interface Setting {
  readonly name: string;
  readonly pbx: StandInOptions;
  readonly habits: Partial<Habits>;
  /** Every incoming call comes on the trunk with a single rule, whose DID no leg tells. */
  readonly didUntold?: true;
  readonly schemes: readonly Scheme[];
}

const classic = schemes.filter(({ profile }) => profile === "classic");
const settings: readonly Setting[] = [
  {
    name: "http, every level visible",
    pbx: { expiresIn: 60 },
    habits: {},
    schemes,
  },
  {
    name: "TLS with a private CA, extensions visible alone, agents polled by nobody in particular",
    pbx: { tls: certificates.server, visible: ["101", "102", "103"] },
    habits: { pollsAs: "nobody", tellsDid: false, dialsBlank: true },
    didUntold: true,
    schemes: classic,
  },
  {
    name: "http, extensions visible alone, agents polled by the router",
    pbx: { visible: ["101", "102", "103"] },
    habits: { pollsAs: "ROUTER", tellsDid: false },
    didUntold: true,
    schemes: classic,
  },
];

/** GET endpoints already have a query of their own: it stays, first. */
function endpointLines({ profile, method }: Scheme, url: string): string[] {
  const own = method === "GET" ? "?tenant=7&key=a%2Bb" : "";
  return [
    `[endpoint.${profile}-${method}]`,
    `URL = ${url}/${profile}/${method}${own}`,
    `PROFILE = ${profile}`,
    `POST = ${method === "POST" ? 1 : 0}`,
    `SECRET = ${secret}`,
  ];
}

const atScheme = (receiver: Receiver, { profile, method }: Scheme): Received[] =>
  receiver.at(`/${profile}/${method}`);

/** The same webhook of a call that came in by another rule. */
function onDid(line: string, did: string): string {
  const others = ["Praha & Brno: ústředna", "420222000200"];
  return others.reduce(
    (text, other) =>
      text.replaceAll(other, did).replaceAll(encodeURIComponent(other), encodeURIComponent(did)),
    line,
  );
}

/** Of every call but the internal one. */
const isEnd = (received: Received): boolean =>
  ["incoming", "outgoing"].includes(field(received, "event"));

/** Plays all flows to a program that is stopped in the end: then everything has been sent. */
async function run({ pbx: options, habits, didUntold, schemes: used }: Setting): Promise<Receiver> {
  const pbx = await new StandIn(options).listen();
  const receiver = await new Receiver().listen();
  const installation = await Installation.make();
  try {
    const ca = await installation.put("ca.pem", certificates.ca);
    await installation.configure([
      ...pbxLines(pbx.url),
      ...(options.tls ? [`PBX_CA_FILE = ${ca}`] : []),
      ...used.flatMap((scheme) => endpointLines(scheme, receiver.url)),
    ]);
    const offhook = await installation.start().ready();
    await playAll(pbx, { ...plainHabits, ...habits }, didUntold && onSingleRule);
    const ended = (scheme: Scheme) => atScheme(receiver, scheme).filter(isEnd).length;
    const calls = flows.length - 1;
    await receiver.until(
      () => used.every((scheme) => ended(scheme) >= calls),
      `the end of ${calls} calls at every endpoint`,
    );
    expect(await offhook.stop()).toBe(0);
    return receiver;
  } finally {
    await installation.remove();
    await Promise.all([receiver.close(), pbx.close()]);
  }
}

describe.each(settings)("$name", (setting) => {
  let receiver: Receiver;
  beforeAll(async () => {
    receiver = await run(setting);
  });
  afterAll(() => {
    expect(receiver.requests.every(({ status }) => status === 200)).toBe(true);
  });

  describe.each(setting.schemes)("$profile by $method", (scheme) => {
    const all = (): Received[] => atScheme(receiver, scheme);
    /** As sent to a URL without a query: what is ours begins after the endpoint's own parameters. */
    const bare = (received: Received): Received => {
      if (scheme.method === "POST") return received;
      expect(received.target).toMatch(/^\/\w+\/GET\?tenant=7&key=a%2Bb&/);
      return { ...received, target: received.target.replace("tenant=7&key=a%2Bb&", "") };
    };

    it.each(flows)("$name", ({ name, call }) => {
      const own = all()
        .map(bare)
        .filter((received) => callIdOf(received).endsWith(`_${call.callid}`));
      const lines = expectedLines(scheme).get(name) ?? [];
      const expected = lines
        .map((line) => (setting.didUntold ? onDid(line, "DID Serbia 021 3220 030") : line))
        .map((line, place) => expectedFields(line, scheme, own, place));
      expect(receivedFields(own)).toEqual(expected);
    });

    it("nothing else arrives, nothing twice, and no number is left out", () => {
      expect(all().length).toBe([...expectedLines(scheme).values()].flat().length);
      expectWhole(all().map(bare));
    });

    it("every webhook has the headers of the contract, and the stock library verifies it", () => {
      for (const received of all()) {
        expect(received.method).toBe(scheme.method);
        expect(header(received, "webhook-id")).toMatch(/^[^.\s]+$/);
        expect(header(received, "offhook-attempt")).toBe("1");
        expect(header(received, "offhook-event-time")).toMatch(
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/,
        );
        if (scheme.method === "POST") {
          expect(header(received, "content-type")).toMatch(
            /^application\/json(; ?charset=utf-8)?$/,
          );
          expect(received.headers).not.toHaveProperty("webhook-signed");
        } else {
          expect(received.body).toBe("");
          expect(header(received, "webhook-signed")).toBe("target");
        }
        verify(received, secret);
        expect(() => verify({ ...received, body: "{}", target: "/" }, secret)).toThrow();
      }
    });
  });
});
