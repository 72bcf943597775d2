/** What the simulator owes its clients over the WebSocket, and how a test makes it deviate. */
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import {
  asking,
  closeAll,
  connected,
  entity,
  refusedUpgrade,
  socket,
  start,
  tokenOf,
} from "../../test/support/simulatorClient.ts";
import type { WireFrame, WireParticipant } from "../source/threecx/wire.ts";
import { onFrame, onPath } from "./behaviours.ts";

afterEach(closeAll);

describe("events", () => {
  it("carry no data, rise by one, and can be read by GET at once; 404 after Remove", async () => {
    const { sim, api, ws } = await connected();
    sim.pbx.dial("101", "102");
    await ws.count(2);
    expect(ws.frames[0]).toEqual({
      sequence: 1,
      event: { event_type: 0, entity: entity("101", 1), attached_data: null },
    });
    const { body } = await api.get(entity("102", 2));
    expect(Object.keys(body as object)).toHaveLength(18);
    expect(body).toMatchObject({
      id: 2,
      status: "Ringing",
      dn: "102",
      party_dn: "101",
      party_dn_type: "Wextension",
      originated_by_dn: "",
      originated_by_type: "None",
      callid: 1,
      legid: 2,
    } satisfies Partial<WireParticipant>);
    sim.pbx.hangUp("101");
    await ws.count(4);
    expect(ws.frames.map((each) => each.sequence)).toEqual([1, 2, 3, 4]);
    expect((await api.get(entity("102", 2))).status).toBe(404);
    expect(ws.texts.join()).not.toMatch(/ended|reason|cause/i);
  });

  it("an Upsert may come twice", async () => {
    const { sim, ws } = await connected({ settings: { duplicateUpsertChance: 1 } });
    sim.pbx.dial("101", "420777000002");
    await ws.count(2);
    expect(ws.brief()).toEqual([`0 ${entity("101", 1)}`, `0 ${entity("101", 1)}`]);
    expect(ws.frames.map((each) => each.sequence)).toEqual([1, 2]);
  });

  it("a Remove may come before anybody can GET", async () => {
    const { sim, api, ws } = await connected({ settings: { flickerChance: 1 } });
    sim.pbx.dial("101", "102");
    await ws.count(4);
    expect(ws.brief().slice(1)).toEqual([
      `0 ${entity("102", 2)}`,
      `1 ${entity("102", 2)}`,
      `0 ${entity("102", 3)}`,
    ]);
    expect((await api.get(entity("102", 2))).status).toBe(404);
  });

  it.each([
    ["before", 200],
    ["after", 404],
  ] as const)("a late GET shows the state %s its delay", async (getReads, status) => {
    const { sim, api, clock } = await connected({ settings: { getDelayMs: 100, getReads } });
    sim.pbx.dial("101", "102");
    const asked = api.get(entity("101", 1));
    await asking(sim);
    sim.pbx.hangUp("101");
    clock.advance(100);
    expect((await asked).status).toBe(status);
  });

  it("numbers begin anew with each connection, or go on, as switched", async () => {
    for (const [sequence, expected] of [
      ["perConnection", 1],
      ["perServer", 5],
    ] as const) {
      const { sim, token, ws } = await connected({ settings: { sequence } });
      sim.pbx.dial("101", "102");
      sim.pbx.hangUp("101");
      await ws.count(4);
      const second = await socket(sim, token);
      sim.pbx.dial("101", "420777000002");
      await second.count(1);
      expect(second.frames[0]?.sequence).toBe(expected);
    }
  });

  it("a restart cuts sockets and tokens; ids and call numbers begin anew", async () => {
    const { sim, api, ws } = await connected();
    sim.pbx.dial("101", "102");
    await ws.count(2);
    const closed = once(ws.ws, "close");
    sim.pbx.restart();
    await closed;
    expect((await api.get("/callcontrol")).status).toBe(401);
    const again = await socket(sim, await tokenOf(sim));
    sim.pbx.dial("101", "420777000002");
    await again.count(1);
    expect(again.brief()).toEqual([`0 ${entity("101", 1)}`]);
  });
});

describe("the socket", () => {
  it("pongs, and ignores what it does not understand", async () => {
    const { sim, ws } = await connected();
    for (const junk of ["", "hello", '{"protocol":"json","version":1}\u001e', "[]", "null", "7"]) {
      ws.ws.send(junk);
    }
    ws.ws.send(JSON.stringify({ subscribe: true }));
    ws.ws.send(Buffer.from([0xff, 0x00]));
    ws.ws.ping();
    await once(ws.ws, "pong");
    sim.pbx.dial("101", "420777000002");
    await ws.count(1);
    expect(ws.brief()).toEqual([`0 ${entity("101", 1)}`]);
  });

  it('answers requests with type 4, also with RequestData ""', async () => {
    const { ws } = await connected();
    ws.ws.send('{"RequestID":"123","Path":"/callcontrol","RequestData":""}');
    await ws.count(1);
    const { event } = ws.frames[0] as WireFrame;
    expect(event.event_type).toBe(4);
    expect(event.attached_data).toMatchObject({
      RequestID: "123",
      Path: "/callcontrol",
      StatusCode: 200,
    });
    const Path = "/callcontrol/101/makecall";
    ws.ws.send(JSON.stringify({ RequestID: "124", Path, RequestData: { Destination: "102" } }));
    await ws.count(3);
    const answers = ws.frames.filter((each) => each.event.event_type === 4);
    expect(answers[1]?.event.attached_data).toMatchObject({
      StatusCode: 200,
      Response: { finalstatus: "Success", result: { party_caller_id: "102" } },
    });
    ws.ws.send('{"RequestID":"125","Path":"/elsewhere"}');
    await ws.count(4);
    expect(ws.frames[3]?.event.attached_data).toMatchObject({ StatusCode: 404 });
  });

  it("tells an application of keys pressed on its own leg", async () => {
    const { sim, clock, ws } = await connected();
    const call = sim.pbx.incoming({ from: "420777000001", did: "420222000900" });
    clock.advance(50);
    sim.pbx.press(call.id, "1");
    await ws.count(2);
    expect(ws.frames[1]?.event).toEqual({
      event_type: 2,
      entity: entity("offhook", 2),
      attached_data: { dtmf_input: "1" },
    });
  });
});

describe("behaviours", () => {
  it("a request may be answered otherwise, cut, or delayed; then the default again", async () => {
    const { sim, api, clock } = await connected();
    sim.deviate(onPath(/^\/callcontrol/, { do: "cut" }, 1));
    sim.deviate(onPath(/^\/callcontrol/, { do: "answer", status: 500, body: "<html>" }, 1));
    const answer = await fetch(`${sim.url}/callcontrol`);
    expect([answer.status, await answer.text()]).toEqual([500, "<html>"]);
    await expect(api.get("/callcontrol")).rejects.toThrow();
    sim.deviate(onPath(/^\/callcontrol/, { do: "delay", ms: 1000 }, 1));
    const late = api.get("/callcontrol");
    await asking(sim);
    clock.advance(1000);
    expect((await late).status).toBe(200);
  });

  it("a frame may be dropped, sent twice, garbled; a dropped one leaves a gap", async () => {
    const { sim, ws } = await connected();
    sim.deviate(onFrame(/101/, { do: "drop" }, 1));
    sim.deviate(onFrame(/102/, { do: "twice" }, 1));
    sim.pbx.dial("101", "102");
    await ws.count(2);
    expect(ws.frames.map((each) => each.sequence)).toEqual([2, 3]);
    sim.deviate(onFrame(/./, { do: "garble", text: "{" }, 1));
    sim.pbx.hangUp("101");
    await ws.count(4);
    expect(ws.texts[2]).toBe("{");
  });

  it("an upgrade may be refused", async () => {
    const { sim } = await start();
    sim.deviate(onPath(/ws$/, { do: "answer", status: 503 }, 1));
    expect(await refusedUpgrade(sim, await tokenOf(sim))).toBe(503);
  });
});
