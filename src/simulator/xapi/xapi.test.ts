import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listIn, XapiBench } from "../../../test/support/xapiBench.ts";
import { defaultDirectory } from "../directory.ts";
import { URL_CHARS_MAX } from "./xapi.ts";

const errorShape = (message: unknown) => ({
  error: { code: "", message, target: null, details: [], innerError: {} },
});

describe("every answer", () => {
  it("says which version the PBX is; the probe shows only what it asks for", async () => {
    const { status, headers, body } = await new XapiBench().ask("GET", "/Defs?$select=Id");
    expect(status).toBe(200);
    expect(headers["x-3cx-version"]).toBe("20.0.10.1027");
    expect(headers["content-type"]).toContain("application/json");
    expect(body).toEqual({
      "@odata.context": "https://pbx.example:5001/xapi/v1/$metadata#Defs(Id)",
      Id: 0,
    });
  });

  it("counts only when asked, and says whose rows they are", async () => {
    const bench = new XapiBench();
    const { body } = await bench.ask("GET", "/Users?$count=true&$top=2&$select=Number");
    expect(body).toEqual({
      "@odata.context": "https://pbx.example:5001/xapi/v1/$metadata#Users(Number)",
      "@odata.count": 6,
      value: [{ Number: "101" }, { Number: "102" }],
    });
    expect((await bench.ask("GET", "/Users?$top=2")).body).not.toHaveProperty("@odata.count");
    expect((await bench.raw("GET", "/xapi/v1/Users/$count?$filter=Number gt '103'"))?.body).toBe(
      "3",
    );
  });
});

describe("who may ask", () => {
  it("refuses a wrong token with 401", async () => {
    const answer = await new XapiBench().raw("GET", "/xapi/v1/Users", undefined, "bad");
    expect(answer?.status).toBe(401);
    expect(answer?.headers).toMatchObject({ "www-authenticate": "Bearer" });
    expect(answer?.body).toEqual(errorShape(expect.any(String)));
  });

  it("refuses a client without XAPI access with 403", async () => {
    const directory = defaultDirectory();
    const clients = directory.clients.map((client) => ({ ...client, xapi: false }));
    const bench = new XapiBench({ ...directory, clients });
    expect(await bench.ask("GET", "/Users")).toMatchObject({
      status: 403,
      body: errorShape("This API client has no access to the configuration API."),
    });
  });

  it("can be forbidden or absent altogether", async () => {
    const forbidden = new XapiBench(defaultDirectory(), { xapi: "forbidden" });
    expect((await forbidden.ask("GET", "/Users")).status).toBe(403);
    const absent = new XapiBench(defaultDirectory(), { xapi: "absent" });
    expect(await absent.raw("GET", "/xapi/v1/Users")).toBeUndefined();
  });

  it("leaves everybody else's addresses alone", async () => {
    const bench = new XapiBench();
    for (const path of ["/", "/callcontrol", "/xapi/v12/Users", "/xapi"]) {
      expect(await bench.raw("GET", path)).toBeUndefined();
    }
  });

  it("opens a session in another user's name for a good token", async () => {
    const bench = new XapiBench();
    const session = (body: unknown, token?: string) =>
      bench.raw("POST", "/webclient/api/MyPhone/session", body, token);
    expect((await session({ impersonate: "110", isHuman: false }))?.status).toBe(200);
    expect((await session({}))?.status).toBe(400);
    expect((await session("{"))?.status).toBe(400);
    expect((await session({ impersonate: "110" }, "bad"))?.status).toBe(401);
  });
});

describe("what is known to be particular", () => {
  it("takes at most 100 rows of a set, 100000 of a report", async () => {
    const bench = new XapiBench();
    expect((await bench.ask("GET", "/Users?$top=100")).status).toBe(200);
    const { status, body } = await bench.ask("GET", "/Users?$top=101");
    expect(status).toBe(400);
    expect(body).toEqual(errorShape(expect.stringContaining("The limit of '100'")));
    const report = "/ReportInboundRules/Pbx.GetInboundRulesData()";
    expect((await bench.ask("GET", `${report}?$top=100000`)).status).toBe(200);
    expect((await bench.ask("GET", `${report}?$top=100001`)).status).toBe(400);
  });

  it("leaves nulls out of report rows, and nowhere else", async () => {
    const bench = new XapiBench();
    const report = await bench.rows("/ReportInboundRules/Pbx.GetInboundRulesData()");
    const nameless = report.find((row) => row.DID === "420222000150");
    expect(nameless).toBeDefined();
    expect(nameless).not.toHaveProperty("RuleName");
    expect(nameless).toMatchObject({
      Trunk: "10007 MyTrunk",
      InOfficeRouting: { To: "Extension", Number: "150", Type: "Extension" },
    });
    const [user] = await bench.rows("/Users?$top=1");
    expect(user).toHaveProperty("PromptSet", null);
  });

  it("finds users and queues by id and by number, recordings never by key", async () => {
    const bench = new XapiBench();
    const [user] = await bench.rows("/Users?$filter=Number eq '102'");
    for (const key of [String(user?.Id), "Number='102'", "Number=%27102%27"]) {
      const { status, body } = await bench.ask("GET", `/Users(${key})`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ Id: user?.Id, Number: "102", DisplayName: "Petr Svoboda" });
    }
    expect((await bench.ask("GET", "/Queues(Number='800')?$select=Name")).body).toEqual({
      "@odata.context": "https://pbx.example:5001/xapi/v1/$metadata#Queues(Name)/$entity",
      Name: "Support",
    });
    expect((await bench.ask("GET", "/Peers(Number='801')")).body).toMatchObject({ Type: "IVR" });
    for (const [former, number] of [
      ["Queues/Pbx.GetByNumber", "800"],
      ["Trunks/Pbx.GetTrunkByNumber", "10007"],
      ["Peers/Pbx.GetPeerByNumber", "801"],
    ]) {
      const { body } = await bench.ask("GET", `/${former}(number='${number}')?$select=Number`);
      expect(body).toMatchObject({ Number: number });
    }
    expect((await bench.ask("GET", "/Queues/Pbx.GetByNumber(number='1')")).status).toBe(404);
    for (const key of ["/Recordings(5)", "/Users(99999)", "/Users('102')", "/Users(x)"]) {
      expect((await bench.ask("GET", key)).status).toBe(404);
    }
  });

  const args = {
    periodFrom: "2026-05-04T00:00:00Z",
    periodTo: "2026-05-05T00:00:00Z",
    sourceType: "0",
    sourceFilter: "''",
    destinationType: "0",
    destinationFilter: "''",
    callsType: "0",
    callTimeFilterType: "0",
    callTimeFilterFrom: "'0:00:0'",
    callTimeFilterTo: "'0:00:0'",
    hidePcalls: "true",
  };
  const callLog = (changed: Record<string, string | undefined>): string => {
    const list = Object.entries({ ...args, ...changed })
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${value}`);
    return `/ReportCallLogData/Pbx.GetCallLogData(${list.join(",")})`;
  };

  it.each([
    [{}, 200],
    [{ hidePcalls: undefined }, 404],
    [{ periodTo: undefined }, 404],
    [{ sourceFilter: "unquoted" }, 404],
    [{ sourceType: "zero" }, 404],
    [{ hidePcalls: "1" }, 404],
    [{ more: "1" }, 404],
    [{ periodFrom: "2026-05-04" }, 500],
    [{ periodFrom: "yesterday" }, 500],
    [{ periodFrom: "2026-13-44T00:00:00Z" }, 500],
    [{ periodFrom: "2026-05-04T02:00:00+02:00", sourceFilter: "null" }, 200],
  ])("answers a call log with %j by %i", async (changed, status) => {
    const reply = await new XapiBench().ask("GET", callLog(changed));
    expect(reply.status).toBe(status);
    if (status !== 200) expect(reply.body).toEqual(errorShape(expect.any(String)));
  });
});

describe("the directory", () => {
  it("shows what a DN is, in one list", async () => {
    const peers = await new XapiBench().rows("/Peers");
    const types = Object.fromEntries(peers.map((peer) => [peer.Number, peer.Type]));
    expect(types).toMatchObject({
      "101": "Extension",
      "800": "Queue",
      "801": "IVR",
      "820": "RingGroup",
      "10007": "ExternalLine",
      offhook: "RoutePoint",
      "666": "SpecialMenu",
      "700": "Conference",
      SP0: "Parking",
    });
    expect(new Set(peers.map((peer) => peer.Id)).size).toBe(peers.length);
  });

  it("lists nothing where a PBX has a set and this office has nothing of it", async () => {
    const bench = new XapiBench();
    const query = "?$filter=Type eq 'Error'&$orderby=TimeGenerated desc&$top=50&$count=true";
    expect((await bench.ask("GET", `/EventLogs${query}`)).body).toEqual({
      "@odata.context": "https://pbx.example:5001/xapi/v1/$metadata#EventLogs",
      "@odata.count": 0,
      value: [],
    });
    expect((await bench.raw("GET", "/xapi/v1/WebsiteLinks/$count"))?.body).toBe("0");
    const day = "startDate=2026-05-04T00:00:00Z,endDate=2026-05-05T00:00:00Z";
    const activity = `/ActivityLog/Pbx.GetLogs(${day},extension='',call='',severity='')`;
    expect(await bench.rows(activity)).toEqual([]);
    expect((await bench.ask("GET", "/EventLogs?$top=101")).status).toBe(400);
    expect((await bench.ask("POST", "/Blocklist", {})).status).toBe(405);
    for (const path of ["/Backups(1)", "/Backups/Name", "/Backups/$count/1", "/Nothing"]) {
      expect((await bench.ask("GET", path)).status).toBe(404);
    }
    expect(listIn((await bench.ask("GET", "")).body)).toContainEqual({
      name: "CallFlowApps",
      kind: "EntitySet",
      url: "CallFlowApps",
    });
  });

  it("gives a DN the same id after every start, whatever is asked for first", async () => {
    const idOfQueue = async (first: string) => {
      const bench = new XapiBench();
      await bench.rows(first);
      return (await bench.rows("/Queues"))[0]?.Id;
    };
    expect(await idOfQueue("/Users")).toBe(await idOfQueue("/SipDevices"));
    expect(await idOfQueue("/Users")).toBe(await idOfQueue("/Queues"));
  });

  it("gives peers by their numbers", async () => {
    const { body } = await new XapiBench().ask("POST", "/Peers/Pbx.RetreivePeersByNumbers", {
      peersRequest: { DnNumbers: ["800", "10007", "nobody"], IsReportPeers: false },
    });
    expect(listIn(body).map((peer) => peer.Name)).toEqual(["Support", "MyTrunk"]);
  });

  it("shows agents, members, forwards and rules when they are expanded", async () => {
    const bench = new XapiBench();
    expect((await bench.rows("/Queues"))[0]).not.toHaveProperty("Agents");
    expect((await bench.rows("/Queues?$expand=Agents($select=Number)"))[0]?.Agents).toEqual([
      { Number: "101" },
      { Number: "102" },
      { Number: "103" },
    ]);
    const [queue] = await bench.rows("/Queues");
    const agents = await bench.rows(`/Queues(${String(queue?.Id)})/Agents?$top=1`);
    expect(agents).toMatchObject([{ Number: "101", Name: "Eva Malá" }]);
    expect((await bench.rows("/RingGroups?$expand=Members"))[0]?.Members).toHaveLength(3);
    expect((await bench.rows("/Receptionists?$expand=Forwards"))[0]?.Forwards).toMatchObject([
      { Input: "Key1", ForwardType: "Queue", ForwardDN: "800", PeerType: "Queue" },
      { Input: "Key2", ForwardType: "RingGroup", ForwardDN: "820" },
      { Input: "Key3", ForwardType: "Extension", ForwardDN: "150" },
    ]);
    const [did] = await bench.rows("/DidNumbers?$filter=Number eq '420222000100'&$expand=*");
    expect(did?.RoutingRule).toMatchObject({
      RuleName: "Support line",
      Condition: "BasedOnDID",
      TrunkDN: { Number: "10007", Type: "ExternalLine" },
    });
    const [trunk] = await bench.rows("/Trunks");
    expect(trunk).toMatchObject({ Number: "10007", IsOnline: true, Gateway: { Name: "MyTrunk" } });
    expect(trunk?.DidNumbers).toContain("420222000100");
  });

  it("tells the state of the system", async () => {
    const bench = new XapiBench();
    expect((await bench.ask("GET", "/SystemStatus")).body).toMatchObject({
      Version: "20.0.10.1027",
      CallsActive: 0,
      UserExtensions: 6,
      OS: "Linux",
    });
    for (const path of [
      "/SystemStatus/Pbx.SystemHealthStatus()",
      "/SystemStatus/Pbx.SystemExtensions()",
      "/Defs/Pbx.GetSystemParameters()",
      "/Defs/TimeZones",
      "/LicenseStatus",
      "/CDRSettings",
      "/SipDevices?$expand=DN",
      "/DeviceInfos",
      "/OutboundRules",
      "/Holidays",
      "/LastCdrAndChatMessageTimestamp",
      "/",
    ]) {
      expect([path, (await bench.ask("GET", path)).status]).toEqual([path, 200]);
    }
  });
});

describe("whatever is asked", () => {
  it("refuses what does not exist or is not done there", async () => {
    const bench = new XapiBench();
    const refused: [string, string, number][] = [
      ["GET", "/Nowhere", 404],
      ["GET", "/Users(1)/Groups/Deeper/Still/More", 404],
      ["GET", "/Users/Groups", 404],
      ["GET", "/Users/Pbx.Nothing()", 404],
      ["GET", "/Defs/Nothing", 404],
      ["GET", "/Users%ZZ", 404],
      ["GET", "/Users/Pbx.MakeCall", 405],
      ["POST", "/Peers", 405],
      ["DELETE", "/Users", 405],
      ["PUT", "/Users", 405],
      ["PATCH", "/SystemStatus", 405],
      ["GET", `/Users?$filter=${"x".repeat(URL_CHARS_MAX)}`, 414],
    ];
    for (const [method, path, status] of refused) {
      const reply = await bench.ask(method, path);
      expect([method, path.slice(0, 60), reply.status]).toEqual([
        method,
        path.slice(0, 60),
        status,
      ]);
      expect(reply.body).toEqual(errorShape(expect.any(String)));
    }
  });

  it("answers junk by a status, never by a crash or a 500", async () => {
    const bench = new XapiBench();
    const segment = fc.oneof(
      fc.string({ maxLength: 12 }).map(encodeURIComponent),
      fc.constantFrom(
        "Users",
        "Users(20)",
        "Groups",
        "$count",
        "Pbx.MakeCall",
        "Peers(Number='8')",
      ),
    );
    const request = fc.record({
      method: fc.constantFrom("GET", "POST", "PATCH", "DELETE"),
      path: fc.array(segment, { maxLength: 4 }).map((parts) => parts.join("/")),
      query: fc.oneof(
        fc.constant(""),
        fc.string({ maxLength: 20 }).map((text) => `?$filter=${text}`),
      ),
      body: fc.oneof(fc.json(), fc.string(), fc.constant('{"__proto__":{"x":1}}')),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, body }) => {
        const { status } = await bench.ask(method, `/${path}${query}`, body);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
  });
});
