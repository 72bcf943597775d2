/** For tests: a PBX under virtual time that notes what it tells. */
import { type Directory, defaultDirectory } from "../../src/simulator/directory.ts";
import { Pbx } from "../../src/simulator/pbx.ts";
import { defaultSettings, type SettingsPatch } from "../../src/simulator/settings.ts";
import { VirtualClock } from "../../src/simulator/virtualClock.ts";

export const FROM = "420777000001";

export function setUp(patch: SettingsPatch = {}, directory: Directory = defaultDirectory()) {
  const clock = new VirtualClock();
  const settings = defaultSettings({ flickerChance: 0, ...patch });
  const pbx = new Pbx(directory, settings, clock, () => 0.5);
  const trail: string[] = [];
  pbx.on((event) => {
    if (event.kind !== "upsert" && event.kind !== "remove") return;
    const { leg } = event;
    if (leg.kind === "trunk") return;
    trail.push(`${event.kind === "upsert" ? "U" : "R"} ${leg.dn}#${leg.id} ${leg.status}`);
  });
  const incoming = (did: string) => {
    const call = pbx.incoming({ from: FROM, did });
    clock.advance(50);
    return call;
  };
  const taken = () => trail.splice(0);
  return { clock, pbx, incoming, taken };
}

export function only<T>(values: readonly T[]): T {
  const [value, ...more] = values;
  if (value === undefined || more.length > 0)
    throw new Error(`Expected one, got ${values.length}.`);
  return value;
}
