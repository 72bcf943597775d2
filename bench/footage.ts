/**
 * Frames for the benches of the tracker: every scene of the simulator played once under virtual time, its participants
 * kept as the JSON text of the wire, to be played again as often as wanted by another office with other calls.
 */
import { defaultDirectory, findDn } from "../src/simulator/directory.ts";
import { Pbx } from "../src/simulator/pbx.ts";
import { scenes } from "../src/simulator/scenes/index.ts";
import { makeStage } from "../src/simulator/scenes/scene.ts";
import { defaultSettings } from "../src/simulator/settings.ts";
import { VirtualClock } from "../src/simulator/virtualClock.ts";
import { participant, visibleDns } from "../src/simulator/wire.ts";
import { type Knowledge, normaliseParticipant } from "../src/source/threecx/normalise.ts";
import { parseParticipant } from "../src/source/threecx/parse.ts";
import type { WireParticipant } from "../src/source/threecx/wire.ts";
import type { DnKind, LegChanged, LegGone } from "../src/tracker/activity.ts";

/** What one frame led to: the participant's text, null if it is gone. */
interface Take {
  readonly afterMs: number;
  readonly dn: string;
  readonly leg: number;
  readonly wire: WireParticipant | null;
}

/** One scene: what was told of it, in order. */
export type Footage = readonly Take[];

/** A frame of one playing. */
export interface Shot {
  readonly text: string | null;
  readonly activity: LegChanged | LegGone;
}

const directory = defaultDirectory();
/** Leg and call numbers of one playing. */
const numbersEach = 1_000;
const extensionLike = /^\d{3}$/;

async function film(turn: number, run: (typeof scenes)[number]["run"]): Promise<Footage> {
  const clock = new VirtualClock();
  const settings = defaultSettings({ flickerChance: 0 });
  const pbx = new Pbx(directory, settings, clock, () => 0.5);
  const [client] = directory.clients;
  const visible = new Set(client ? visibleDns(directory, settings, client) : []);
  const takes: Take[] = [];
  const startAt = clock.now();
  pbx.on((event) => {
    if ((event.kind !== "upsert" && event.kind !== "remove") || !visible.has(event.leg.dn)) return;
    const { leg, kind } = event;
    const wire = kind === "upsert" ? participant(leg, pbx.settings) : null;
    takes.push({ afterMs: clock.now() - startAt, dn: leg.dn, leg: leg.id, wire });
  });
  await clock.run(run(makeStage(pbx, clock, 1, turn)));
  return takes;
}

/** All scenes that show anything. */
export async function filmAll(): Promise<Footage[]> {
  const all = await Promise.all(scenes.map((scene, index) => film(index, scene.run)));
  return all.filter((takes) => takes.length > 0);
}

/** `101` of the third office is `3101`. */
const inOffice = (dn: string, office: number) => (extensionLike.test(dn) ? `${office}${dn}` : dn);

const knowledge: Knowledge = {
  kindOf: (dn) => (findDn(directory, dn.slice(-3)) ?? findDn(directory, dn))?.kind as DnKind | null,
  didOf: (number) => ({ number, ruleName: "" }),
  onlyDidOf: () => null,
  readName: (text) => ({ name: text, did: null }),
};

/** The footage as another office would have made it: other DNs, other calls, another caller. */
export function replay(footage: Footage, playing: number, office: number, startAt: number): Shot[] {
  const offset = playing * numbersEach;
  return footage.map(({ afterMs, dn, leg, wire }) => {
    const at = startAt + afterMs;
    if (wire === null) {
      const legId = `${inOffice(dn, office)}/${leg + offset}`;
      return { text: null, activity: { kind: "legGone", at, legId } };
    }
    const text = JSON.stringify({
      ...wire,
      id: wire.id + offset,
      dn: inOffice(wire.dn, office),
      party_dn: inOffice(wire.party_dn, office),
      party_caller_id:
        wire.party_dn_type === "Wexternalline"
          ? `4207${String(playing).padStart(8, "0")}`
          : inOffice(wire.party_caller_id, office),
      device_id: wire.device_id.replace(/\d{3}/, (number) => inOffice(number, office)),
      originated_by_dn: inOffice(wire.originated_by_dn, office),
      referred_by_dn: inOffice(wire.referred_by_dn, office),
      on_behalf_of_dn: inOffice(wire.on_behalf_of_dn, office),
      callid: wire.callid + offset,
    });
    return { text, activity: { kind: "legChanged", at, leg: read(text) } };
  });
}

function read(text: string) {
  const wire = parseParticipant(JSON.parse(text));
  const normalised = wire && normaliseParticipant(wire, knowledge, null);
  if (normalised?.kind !== "leg") throw new Error(`Expected a participant, got ${text}.`);
  return normalised.leg;
}
