/** The switches that change only what the wire says. */
import { describe, expect, it } from "vitest";
import type { WireParticipant } from "../source/threecx/wire.ts";
import { defaultDirectory } from "./directory.ts";
import { Pbx } from "./pbx.ts";
import { defaultSettings, type SettingsPatch } from "./settings.ts";
import { VirtualClock } from "./virtualClock.ts";
import { participant } from "./wire.ts";

/** An incoming call on a DID, then what `act` does; the legs of `dn` as the wire shows them. */
function shown(patch: SettingsPatch, did: string, dn: string, act: (pbx: Pbx) => void = () => {}) {
  const clock = new VirtualClock();
  const settings = defaultSettings({ flickerChance: 0, ...patch });
  const pbx = new Pbx(defaultDirectory(), settings, clock, () => 0.5);
  pbx.incoming({ from: "420777000001", did, name: "Novak Jan" });
  clock.advance(100);
  act(pbx);
  return pbx.legsOf(dn).map((leg) => participant(leg, settings));
}

const QUEUE = "420222000100";
const PHONE = "420222000150";
const APP = "420222000900";

describe("switches of the wire", () => {
  it("a direct call, field by field, as a live PBX showed it", () => {
    expect(shown({}, PHONE, "150")).toEqual([
      {
        id: 4,
        status: "Ringing",
        dn: "150",
        party_caller_name: "Novak Jan",
        party_dn: "10007",
        party_caller_id: "420777000001",
        party_did: "",
        device_id: "sip:150@127.0.0.1:5483",
        party_dn_type: "Wexternalline",
        direct_control: true,
        originated_by_dn: "ROUTER",
        originated_by_type: "Wroutepoint",
        referred_by_dn: "",
        referred_by_type: "None",
        on_behalf_of_dn: "",
        on_behalf_of_type: "None",
        callid: 1,
        legid: 4,
      } satisfies WireParticipant,
    ]);
  });

  it.each([
    ["holder", "800", "Wqueue"],
    ["router", "ROUTER", "Wroutepoint"],
    ["empty", "", "None"],
  ] as const)("polledOriginatedBy=%s", (polledOriginatedBy, dn, type) => {
    const [leg] = shown({ polledOriginatedBy }, QUEUE, "101");
    expect([leg?.originated_by_dn, leg?.originated_by_type]).toEqual([dn, type]);
  });

  it.each([
    ["trunk", "10007 Wexternalline", "10007 Wexternalline"],
    ["poller", "800 Wqueue", "10007 Wexternalline"],
    ["pollerStays", "800 Wqueue", "800 Wqueue"],
  ] as const)("polledParty=%s", (polledParty, ringing, answered) => {
    const party = (leg: WireParticipant | undefined) => `${leg?.party_dn} ${leg?.party_dn_type}`;
    const [rings] = shown({ polledParty }, QUEUE, "101");
    const [talks] = shown({ polledParty }, QUEUE, "101", (pbx) => pbx.answer("101"));
    expect([party(rings), party(talks)]).toEqual([ringing, answered]);
    expect(talks?.party_caller_id).toBe(rings?.party_caller_id);
    expect(party(shown({ polledParty }, QUEUE, "800")[0])).toBe("10007 Wexternalline");
  });

  it.each([
    [true, "800"],
    [false, ""],
  ])("keepOriginatedBy=%s", (keepOriginatedBy, dn) => {
    const [leg] = shown({ keepOriginatedBy }, QUEUE, "101", (pbx) => pbx.answer("101"));
    expect([leg?.status, leg?.originated_by_dn]).toEqual(["Connected", dn]);
  });

  it.each([
    ["all", "+420222000150", "+420222000900"],
    ["routepoint", "", "+420222000900"],
    ["empty", "", ""],
  ] as const)("partyDid=%s", (partyDid, phone, app) => {
    expect(shown({ partyDid }, PHONE, "150")[0]?.party_did).toBe(phone);
    expect(shown({ partyDid }, APP, "offhook")[0]?.party_did).toBe(app);
  });

  it.each([
    ["present", "150", "Wextension"],
    ["empty", "", "None"],
  ] as const)("referredBy=%s", (referredBy, dn, type) => {
    const [leg] = shown({ referredBy }, PHONE, "103", (pbx) => {
      pbx.answer("150");
      pbx.blindTransfer("150", "103");
    });
    expect([leg?.referred_by_dn, leg?.referred_by_type]).toEqual([dn, type]);
  });

  it.each([
    ["connected", "Connected"],
    ["hold", "Hold"],
  ] as const)("holdStatus=%s", (holdStatus, word) => {
    const [leg] = shown({ holdStatus }, PHONE, "150", (pbx) => {
      pbx.answer("150");
      pbx.hold("150");
    });
    expect(leg?.status).toBe(word);
  });

  it.each([
    ["queue", "Support:Novak Jan", "Novak Jan"],
    ["queueOrRule", "Support:Novak Jan", "Sales line:Novak Jan"],
    ["none", "Novak Jan", "Novak Jan"],
  ] as const)("namePrefix=%s", (namePrefix, polled, direct) => {
    expect(shown({ namePrefix }, QUEUE, "101")[0]?.party_caller_name).toBe(polled);
    expect(shown({ namePrefix }, "420222000200", "104")[0]?.party_caller_name).toBe(direct);
  });

  it.each([true, false])("menuFlashesRinging=%s", (menuFlashesRinging) => {
    const clock = new VirtualClock();
    const settings = defaultSettings({ menuFlashesRinging });
    const pbx = new Pbx(defaultDirectory(), settings, clock, () => 0.5);
    const seen: string[] = [];
    pbx.on((event) => {
      if (event.kind === "upsert" && event.leg.dn === "801") seen.push(event.leg.status);
    });
    pbx.incoming({ from: "", did: "420222000320" });
    clock.advance(100);
    expect(seen).toEqual(menuFlashesRinging ? ["ringing", "connected"] : ["connected"]);
  });

  it.each([true, false])("dialingFirstEmpty=%s", (dialingFirstEmpty) => {
    const clock = new VirtualClock();
    const settings = defaultSettings({ dialingFirstEmpty });
    const pbx = new Pbx(defaultDirectory(), settings, clock, () => 0.5);
    const seen: string[] = [];
    pbx.on((event) => {
      if (event.kind === "upsert" && event.leg.dn === "101") seen.push(event.leg.party.dn);
    });
    pbx.dial("101", "420777000002");
    clock.advance(100);
    expect(seen).toEqual(dialingFirstEmpty ? ["", "10007"] : ["10007"]);
  });
});
