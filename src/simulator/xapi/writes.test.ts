import { describe, expect, it } from "vitest";
import { XapiBench } from "../../../test/support/xapiBench.ts";
import type { Row } from "./odata/schema.ts";

const rowIn = (body: unknown): Row => body as Row;

describe("writing through XAPI", () => {
  it.each([
    ["Users", {}, "106"],
    ["Queues", { AnnouncementInterval: 50 }, "802"],
    ["RingGroups", { Name: "RG" }, "802"],
    ["Receptionists", { Name: "testIVR" }, "802"],
    ["Groups", { Name: "Group 1" }, "GRP0001"],
    ["Parkings", { Number: "SP100" }, "SP100"],
    ["Parkings", {}, "SP3"],
    ["Fax", {}, "880"],
    ["ServicePrincipals", { Number: "sptest" }, "sptest"],
    ["Trunks", { AuthPassword: { Value: "x" } }, "10000"],
  ])("makes, shows, changes and deletes one of %s", async (set, properties, number) => {
    const bench = new XapiBench();
    const before = (await bench.rows(`/${set}?$select=Id`)).length;
    const made = await bench.ask("POST", `/${set}`, properties);
    expect(made.status).toBe(201);
    const { Id: id, ...row } = rowIn(made.body);
    expect(row).toMatchObject({ Number: number, ...(set === "Trunks" ? {} : properties) });
    expect(made.headers.location).toBe(`https://pbx.example:5001/xapi/v1/${set}(${String(id)})`);
    expect(await bench.rows(`/${set}?$select=Id`)).toHaveLength(before + 1);
    const address = `/${set}(${String(id)})`;
    expect((await bench.ask("PATCH", address, { Number: number })).status).toBe(204);
    expect(await bench.ask("PATCH", address, { Number: "7777" })).toMatchObject({
      status: 400,
      body: { error: { target: "Number", message: expect.stringContaining("cannot be changed") } },
    });
    expect((await bench.ask("DELETE", address)).status).toBe(204);
    expect((await bench.ask("GET", address)).status).toBe(404);
    expect(await bench.rows(`/${set}?$select=Id`)).toHaveLength(before);
  });

  it("takes a template back with the annotations it came with", async () => {
    const bench = new XapiBench();
    const fax = await bench.ask("GET", "/Fax/Pbx.InitFax()");
    expect(fax.body).toMatchObject({ Id: 0, Number: "880" });
    expect((await bench.ask("POST", "/Fax", fax.body)).status).toBe(201);
    const trunk = await bench.ask("GET", "/Trunks/Pbx.InitTrunk(template='1cx.pv.xml')");
    const made = await bench.ask("POST", "/Trunks", {
      ...rowIn(trunk.body),
      AuthPassword: { Value: "secret" },
    });
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.body)).not.toContain("secret");
  });

  it("changes the directory: what was made can be called, what was deleted cannot", async () => {
    const bench = new XapiBench();
    const queue = { Number: "850", Name: "Night", Agents: [{ Number: "101" }], RingTimeout: 7 };
    await bench.ask("POST", "/Queues", queue);
    expect(bench.pbx.directory.queues.at(-1)).toMatchObject({
      number: "850",
      name: "Night",
      agents: ["101"],
      ringTimeoutMs: 7000,
    });
    const [user] = await bench.rows("/Users?$filter=Number eq '101'");
    const address = `/Users(${String(user?.Id)})`;
    await bench.ask("PATCH", address, { LastName: "Nová", OutboundCallerID: "420222000101" });
    expect(bench.pbx.directory.extensions[0]).toMatchObject({ lastName: "Nová" });
    expect((await bench.ask("GET", address)).body).toMatchObject({
      DisplayName: "Eva Nová",
      OutboundCallerID: "420222000101",
      IsRegistered: true,
    });
    await bench.ask("DELETE", address);
    expect(bench.pbx.directory.extensions.some((row) => row.number === "101")).toBe(false);
  });

  it("follows the directory when that is changed from elsewhere", async () => {
    const bench = new XapiBench();
    const { directory } = bench.pbx;
    bench.pbx.directory = { ...directory, extensions: directory.extensions.slice(0, 2) };
    expect(await bench.rows("/Users")).toHaveLength(2);
    bench.pbx.directory = directory;
    expect(await bench.rows("/Users")).toHaveLength(6);
  });

  it("edits which DNs an API client monitors, and gives it a new secret", async () => {
    const bench = new XapiBench();
    const [client] = await bench.rows("/ServicePrincipals?$expand=Peers");
    expect(client?.Peers).toHaveLength(9);
    const address = `/ServicePrincipals(${String(client?.Id)})`;
    const [queue] = await bench.rows("/Queues");
    await bench.ask("PATCH", address, { Peers: [{ Id: queue?.Id }, { Number: "101" }] });
    expect(bench.pbx.directory.clients[0]?.monitored).toEqual(["800", "101"]);
    const token = await bench.ask("POST", `${address}/Pbx.GenerateAppToken`);
    expect(bench.pbx.directory.clients[0]?.clientSecret).toBe(rowIn(token.body).value);
  });

  it("makes an API client that cannot log in without the secret it is given", async () => {
    const bench = new XapiBench();
    await bench.ask("POST", "/ServicePrincipals", { Number: "second", XAPIEnabled: true });
    const made = bench.pbx.directory.clients.at(-1);
    expect(made).toMatchObject({ clientId: "second", xapi: true, callControl: false });
    expect(made?.clientSecret.length).toBeGreaterThan(20);
  });

  it("shows a department's members from both sides", async () => {
    const bench = new XapiBench();
    const group = rowIn((await bench.ask("POST", "/Groups", { Name: "Sales" })).body);
    const [user] = await bench.rows("/Users?$filter=Number eq '102'");
    const member = { Number: "102", Rights: { RoleName: "managers" } };
    const members = `/Groups(${String(group.Id)})/Members`;
    await bench.ask("PATCH", `/Groups(${String(group.Id)})`, { Members: [member] });
    expect(await bench.rows(members)).toMatchObject([member]);
    const groups = `/Users(${String(user?.Id)})/Groups`;
    expect((await bench.rows(groups)).map((row) => row.Name)).toEqual(["__DEFAULT__", "Sales"]);
    await bench.ask("PATCH", `/Users(${String(user?.Id)})`, { Groups: [] });
    expect(await bench.rows(members)).toEqual([]);
    expect(
      await bench.rows("/Users?$filter=Groups/any(g: g/Name eq '__DEFAULT__')&$select=Number"),
    ).toHaveLength(5);
    const [standard] = await bench.rows("/Groups?$filter=IsDefault");
    expect((await bench.ask("DELETE", `/Groups(${String(standard?.Id)})`)).status).toBe(400);
  });

  it("adds inbound rules that calls follow", async () => {
    const bench = new XapiBench();
    const made = await bench.ask("POST", "/InboundRules", {
      RuleName: "Night line",
      Data: "420222000777",
      OfficeHoursDestination: { To: "Extension", Number: "104" },
    });
    expect(made.status).toBe(201);
    expect(bench.pbx.directory.inboundRules.at(-1)).toEqual({
      id: rowIn(made.body).Id,
      ruleName: "Night line",
      did: "420222000777",
      trunk: "10007",
      destination: { to: "dn", number: "104" },
    });
    await bench.ask("POST", "/InboundRules/Pbx.BulkInboundRulesDelete", {
      ids: [rowIn(made.body).Id],
    });
    expect(bench.pbx.directory.inboundRules).toHaveLength(5);
  });

  it("keeps settings that were changed", async () => {
    const bench = new XapiBench();
    await bench.ask("PATCH", "/CDRSettings", { Enabled: true, LogType: "ActiveSocket" });
    expect((await bench.ask("GET", "/CDRSettings")).body).toMatchObject({
      Enabled: true,
      LogType: "ActiveSocket",
      SocketPort: 0,
    });
  });

  it.each([
    ["a number in use", "/Queues", { Number: "101" }],
    ["a number that is none", "/Users", { Number: "a b" }],
    ["a principal without a name", "/ServicePrincipals", {}],
    ["an unknown property", "/Users", { Nope: 1 }],
    ["a value of the wrong kind", "/Users", { FirstName: 5 }],
    ["a list instead of an object", "/Users", []],
    ["what is no JSON", "/Users", "{"],
    ["a time that is none", "/Groups", { OverrideExpiresAt: "soon" }],
  ])("refuses %s with 400", async (_what, set, body) => {
    const bench = new XapiBench();
    const reply = await bench.ask("POST", set, body);
    expect(reply.status).toBe(400);
    expect(reply.body).toHaveProperty("error.message");
    expect(await bench.rows(`${set}?$filter=Number eq 'a b'`)).toEqual([]);
  });
});
