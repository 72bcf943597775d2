/** What numbers were heard to be, seen by how the rows of active calls that name them are told. */
import { describe, expect, it } from "vitest";
import { pbxRig } from "../../../test/support/watchedPbx.ts";
import { participant } from "../../../test/support/wirePbx.ts";
import type { Limits } from "./limits.ts";

const { pbx, watch } = pbxRig();

const row = { Id: 1, Caller: "10007 MyTrunk (420777000001)", Status: "Talking" };

describe("a number that the directory has lost", () => {
  const kinds = (watched: ReturnType<typeof watch>) =>
    watched
      .of("activeCalls")
      .at(-1)
      ?.calls.map(({ callee }) => callee?.kind);
  const pbxWith = async (limits: Partial<Limits>) => {
    const server = await pbx();
    const peers = ["555", "556"].map((dn) => ({ Number: dn, Type: "Extension" }));
    server.xapi.set("Peers", peers);
    const calls = peers.map((peer, n) => ({ ...row, Id: n + 1, Callee: `${peer.Number} Old` }));
    server.xapi.set("ActiveCalls", calls);
    const watched = watch(server.url, {
      limits: { directoryRefreshMs: 10, ...limits },
      pbx: { activeCallsPollMs: 5 },
    });
    await watched.live();
    await watched.until(() => kinds(watched)?.join() === "extension,extension");
    return { server, watched, peers };
  };

  it("is forgotten in time", async () => {
    const { server, watched } = await pbxWith({ heardKindKeptMs: 50 });
    server.xapi.set("Peers", []);
    await watched.until(() => kinds(watched)?.join() === "unknown,unknown");
  });

  it("is remembered rather than an older one where there is no room for both", async () => {
    const { server, watched, peers } = await pbxWith({ namesMax: 1 });
    server.xapi.set("Peers", peers.slice(1));
    const reads = () => server.count("GET /xapi/v1/Peers");
    const before = reads();
    await watched.until(() => reads() >= before + 2);
    server.xapi.set("Peers", []);
    await watched.until(() => kinds(watched)?.join() === "unknown,extension");
  });
});

it("a conference's number is learnt also where there is no more room", async () => {
  const server = await pbx();
  server.xapi.set("ActiveCalls", [{ ...row, Callee: "7001 Room" }]);
  const watched = watch(server.url, {
    limits: { namesMax: 1 },
    pbx: { activeCallsPollMs: 5 },
  });
  await watched.live();
  const told = { party_dn_type: "Wconference" };
  server.upsert(participant("100", 1, { ...told, party_dn: "7000" }));
  server.upsert(participant("101", 2, { ...told, party_dn: "7001" }));
  await watched.until(
    () => watched.of("activeCalls").at(-1)?.calls[0]?.callee?.kind === "conference",
  );
});

it("what a leg shows as its party is learnt where XAPI does not list it, but for codes and words", async () => {
  const server = await pbx();
  const rows = ["666 Voicemail menu", "7000 Room", "*20* Pick up", "555 Old"];
  server.xapi.set(
    "ActiveCalls",
    rows.map((callee, n) => ({ ...row, Id: n + 1, Callee: callee })),
  );
  const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
  await watched.live();
  const shows = (dn: string, id: number, party_dn: string, party_dn_type: string) =>
    server.upsert(participant(dn, id, { party_dn, party_dn_type }));
  shows("100", 1, "*20*", "Wspecialmenu");
  shows("101", 2, "666", "Wspecialmenu");
  shows("102", 3, "7000", "Wconference");
  await watched.until(() => {
    const kinds = watched
      .of("activeCalls")
      .at(-1)
      ?.calls.map(({ callee }) => callee?.kind);
    return kinds?.join() === "specialmenu,conference,unknown,unknown";
  });
});

it("who is no extension any more is known by a leg that says so, whichever is read first", async () => {
  const server = await pbx();
  server.xapi.set("Users", [{ Number: "101" }]);
  const polled = { ...participant("101", 1), party_dn: "800", party_dn_type: "Wqueue" };
  const calls = participant("800", 2, { status: "Connected", party_dn: "104" });
  server.legs.set("101/1", { ...polled, party_caller_id: "104", legid: 4 });
  server.legs.set("800/2", { ...calls, party_dn_type: "Wextension", party_caller_id: "104" });
  const watched = watch(server.url);
  await watched.live();
  const legs = watched.of("snapshot").at(-1)?.legs ?? [];
  expect(legs.map(({ dn, party }) => [dn, party.dn, party.kind])).toEqual([
    ["101", "800", "queue"],
    ["800", "104", "extension"],
  ]);
});

it("a parking place is one, whatever type a leg gives it", async () => {
  const server = await pbx();
  server.xapi.set("ActiveCalls", [{ ...row, Callee: "SP0" }]);
  server.legs.set("101/1", participant("101", 1, { party_dn: "SP0", party_dn_type: "Wextension" }));
  const watched = watch(server.url, { pbx: { activeCallsPollMs: 5 } });
  await watched.live();
  await watched.until(() => watched.of("activeCalls").length > 1);
  expect(watched.of("activeCalls").at(-1)?.calls[0]?.callee?.kind).toBe("parking");
});
