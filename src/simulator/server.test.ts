/** What the simulator owes its clients over HTTP: each habit of a V20 is a test here. */
import { request as httpsRequest } from "node:https";
import { afterEach, describe, expect, it } from "vitest";
import {
  client,
  closeAll,
  connected,
  entity,
  form,
  logIn,
  refusedUpgrade,
  start,
  tokenOf,
} from "../../test/support/simulatorClient.ts";
import type { WireDnInfo } from "../source/threecx/wire.ts";
import { type ApiClient, defaultDirectory } from "./directory.ts";

afterEach(closeAll);

describe("log-in", () => {
  it("takes the form urlencoded and multipart", async () => {
    const { sim } = await start();
    const multipart = new FormData();
    for (const [name, value] of Object.entries(form(sim))) multipart.append(name, value);
    for (const body of [new URLSearchParams(form(sim)), multipart]) {
      const { status, body: answer } = await logIn(sim, body);
      expect(status).toBe(200);
      expect(Object.keys(answer)).toEqual([
        "token_type",
        "expires_in",
        "access_token",
        "refresh_token",
      ]);
      expect(answer).toMatchObject({ token_type: "Bearer", refresh_token: null });
      const api = client(sim, String(answer.access_token));
      expect((await api.get("/callcontrol")).status).toBe(200);
    }
  });

  it("gives a JWT with an API client's claims", async () => {
    const claimsOf = async (patch: Partial<ApiClient>) => {
      const { clients, ...rest } = defaultDirectory();
      const directory = { ...rest, clients: clients.map((row) => ({ ...row, ...patch })) };
      const { sim } = await start({ directory });
      const [, claims = ""] = (await tokenOf(sim)).split(".");
      return JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
    };
    expect(await claimsOf({})).toMatchObject({
      unique_name: "offhook",
      sub: "offhook",
      scope: "xapi",
      role: ["App", "Reports", "system_owners", "CallFlowApp"],
      iss: "localhost",
      aud: "/api",
    });
    expect((await claimsOf({ xapi: false })).role).toEqual(["App", "CallFlowApp"]);
    expect((await claimsOf({ callControl: false })).role).not.toContain("CallFlowApp");
  });

  it.each([60, 3600] as const)("says expires_in %i", async (expiresIn) => {
    const { sim } = await start({ settings: { expiresIn } });
    const { body } = await logIn(sim, new URLSearchParams(form(sim)));
    expect(body.expires_in).toBe(expiresIn);
  });

  it("lets a person in with a client's id and secret, beside the client's own token", async () => {
    const { sim } = await start();
    const person = async (Password: string) => {
      const body = JSON.stringify({ Username: "offhook", Password, SecurityCode: "" });
      const path = `${sim.url}/webclient/api/Login/GetAccessToken`;
      return (await (await fetch(path, { method: "POST", body })).json()) as {
        Status: string;
        Token: { access_token: string; refresh_token: string };
      };
    };
    expect(await person("x")).toEqual({ Status: "AuthFailed" });
    const own = await tokenOf(sim);
    const { Status, Token } = await person(sim.client.clientSecret);
    expect(Status).toBe("AuthSuccess");
    await tokenOf(sim);
    const statusOf = async (token: string) =>
      (await client(sim, token).get("/xapi/v1/ActiveCalls")).status;
    expect([await statusOf(Token.access_token), await statusOf(own)]).toEqual([200, 401]);
    const grant = { grant_type: "refresh_token", client_id: "Webclient" };
    const body = new URLSearchParams({ ...grant, refresh_token: Token.refresh_token });
    const renewed = await logIn(sim, body);
    expect(await statusOf(String(renewed.body.access_token))).toBe(200);
    const cookie = `a=b; RefreshTokenCookie=${Token.refresh_token}`;
    const ask = { method: "POST", headers: { cookie }, body: new URLSearchParams(grant) };
    expect((await fetch(`${sim.url}/connect/token`, ask)).status).toBe(200);
    expect((await logIn(sim, new URLSearchParams(grant))).status).toBe(401);
  });

  it.each([401, 400] as const)("refuses a wrong secret with %i", async (badLogin) => {
    const { sim } = await start({ settings: { badLogin } });
    const wrong = new URLSearchParams(form(sim, { client_secret: "x" }));
    expect((await logIn(sim, wrong)).status).toBe(badLogin);
  });

  it("invalidates the former token of the client, unless switched off", async () => {
    for (const [oneToken, status] of [
      [true, 401],
      [false, 200],
    ] as const) {
      const { sim } = await start({ settings: { oneToken } });
      const first = await tokenOf(sim);
      await tokenOf(sim);
      expect((await client(sim, first).get("/callcontrol")).status).toBe(status);
    }
  });

  it("a token dies with its lifetime", async () => {
    const { sim, clock } = await start();
    const api = client(sim, await tokenOf(sim));
    clock.advance(3_599_999);
    expect((await api.get("/callcontrol")).status).toBe(200);
    clock.advance(1);
    expect((await api.get("/callcontrol")).status).toBe(401);
  });

  it("a bad token gets 401 on REST and upgrade; none is taken from the query", async () => {
    const { sim } = await start();
    expect((await client(sim, "junk").get("/callcontrol")).status).toBe(401);
    expect(await refusedUpgrade(sim, "junk")).toBe(401);
    expect(await refusedUpgrade(sim, "")).toBe(401);
    const token = await tokenOf(sim);
    expect(await refusedUpgrade(sim, "", `?access_token=${token}`)).toBe(401);
    expect((await fetch(`${sim.url}/callcontrol?access_token=${token}`)).status).toBe(401);
  });
});

describe("what a client sees", () => {
  const limited = (patch: Partial<ApiClient>) => {
    const directory = defaultDirectory();
    return { ...directory, clients: directory.clients.map((row) => ({ ...row, ...patch })) };
  };

  it("its route point, then the listed DNs; 403 for others, 404 for unknown ones", async () => {
    const { sim, api } = await connected({ directory: limited({ monitored: ["101", "800"] }) });
    const list = (await api.get("/callcontrol")).body as WireDnInfo[];
    expect(list.map(({ dn, type }) => `${dn} ${type}`)).toEqual([
      "offhook Wroutepoint",
      "101 Wextension",
      "800 Wqueue",
    ]);
    expect((await api.get("/callcontrol/102")).status).toBe(403);
    expect((await api.get("/callcontrol/999")).status).toBe(404);
    expect((await api.post("/callcontrol/102/makecall", { destination: "101" })).status).toBe(403);
    sim.change({ showQueues: false });
    expect((await api.get("/callcontrol/800")).status).toBe(403);
  });

  it("no event of a DN that is not listed", async () => {
    const { sim, ws } = await connected({ directory: limited({ monitored: ["102"] }) });
    sim.pbx.dial("101", "102");
    await ws.count(1);
    sim.pbx.hangUp("101");
    await ws.count(2);
    expect(ws.brief()).toEqual([`0 ${entity("102", 2)}`, `1 ${entity("102", 2)}`]);
  });

  it.each([403, 401] as const)("%i if call control is off", async (callControlOff) => {
    const directory = limited({ callControl: false });
    const { sim } = await start({ directory, settings: { callControlOff } });
    const token = await tokenOf(sim);
    expect((await client(sim, token).get("/callcontrol")).status).toBe(callControlOff);
    expect(await refusedUpgrade(sim, token)).toBe(callControlOff);
  });

  it("devices, by their encoded id", async () => {
    const { api } = await connected();
    const id = "sip:101@127.0.0.1:5483";
    const device = { dn: "101", device_id: id, user_agent: "3CX Mobile Client" };
    expect((await api.get("/callcontrol/101/devices")).body).toEqual([device]);
    const path = `/callcontrol/101/devices/${encodeURIComponent(id)}`;
    expect((await api.get(path)).body).toEqual(device);
    expect((await api.get("/callcontrol/101/devices/sip%3Anobody")).status).toBe(404);
  });
});

describe("control", () => {
  it("makecall, answer, drop, and what cannot be done", async () => {
    const { sim, api } = await connected();
    const id = encodeURIComponent("sip:101@127.0.0.1:5483");
    const made = await api.post(`/callcontrol/101/devices/${id}/makecall`, { destination: "102" });
    expect(made).toMatchObject({
      status: 200,
      body: {
        finalstatus: "Success",
        reason: "NotSpecified",
        reasontext: "Dialing",
        result: { id: 1, status: "Dialing", party_dn: "", party_dn_type: "None", legid: 1 },
      },
    });
    expect((await api.post(`${entity("101", 1)}/answer`)).status).toBe(422);
    expect((await api.post(`${entity("101", 1)}/drop`)).status).toBe(200);
    expect((await api.post(`${entity("101", 1)}/drop`)).status).toBe(404);
    const nobody = "/callcontrol/101/devices/sip%3Anobody/makecall";
    expect((await api.post(nobody, { destination: "102" })).status).toBe(422);
    expect(sim.pbx.calls()).toEqual([]);
  });

  it("a request without the JSON type is 415, whatever it asks, and does nothing", async () => {
    const { sim, api, token } = await connected();
    const path = "/callcontrol/101/makecall";
    const headers = { authorization: `Bearer ${token}` };
    const body = JSON.stringify({ destination: "102" });
    for (const init of [{ body }, {}]) {
      expect((await fetch(sim.url + path, { method: "POST", headers, ...init })).status).toBe(415);
    }
    expect(sim.pbx.calls()).toEqual([]);
    expect((await fetch(sim.url + path, { method: "POST" })).status).toBe(401);
    expect((await api.post(path, { destination: "102" })).status).toBe(200);
  });

  it("sound of a route-point leg flows both ways until the leg is gone", async () => {
    const { sim, clock, token } = await connected();
    sim.pbx.incoming({ from: "420777000001", did: "420222000900" });
    clock.advance(50);
    const headers = { authorization: `Bearer ${token}` };
    const path = `${sim.url}${entity("offhook", 2)}/stream`;
    const sound = await fetch(path, { headers });
    expect(sound.status).toBe(200);
    const reader = sound.body?.getReader();
    expect((await reader?.read())?.value).toHaveLength(320);
    const sent = fetch(path, { method: "POST", headers, body: Buffer.alloc(3200) });
    expect((await sent).status).toBe(200);
    sim.pbx.hangUp("offhook");
    while (!(await reader?.read())?.done);
    expect((await fetch(path, { headers })).status).toBe(404);
  });
});

describe("https", () => {
  it("serves with a certificate for 127.0.0.1 that a client can trust", async () => {
    const { sim } = await start({ tls: true });
    const status = await new Promise<number>((resolve, reject) => {
      const url = `${sim.url}/callcontrol`;
      httpsRequest(url, { ca: sim.certificate ?? "", agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(401);
  });
});
