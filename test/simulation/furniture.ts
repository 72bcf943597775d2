/** The office with what the situations of a seed need. */
import type { Destination, Directory, Extension } from "../../src/simulator/directory.ts";
import { CLIENT_ID } from "./office.ts";
import type { Chance } from "./random.ts";
import type { SituationName } from "./situations.ts";

const outside = (number: string): Destination => ({ to: "external", number });
const dn = (number: string): Destination => ({ to: "dn", number });

/** The fax extension, the group that is paged, and the bridge to another PBX. */
export const FAX = "900";
export const PAGING = "830";
export const BRIDGE = { trunk: "10100", prefix: "21" } as const;

type Change = (office: Directory, chance: Chance) => Directory;

function rule(id: number, chance: Chance, destination: Destination, trunk = "10007") {
  const did = `42022201${String(id).padStart(4, "0")}`;
  return { id, ruleName: chance.happens(0.5) ? `Extra line ${id}` : "", did, trunk, destination };
}

const numbersOf = ({ extensions }: Directory) => extensions.map(({ number }) => number);

const changes: Partial<Record<SituationName, Change>> = {
  forwards(office, chance) {
    const extensions = office.extensions.map((row) => {
      const to = outside(`420603000${row.number}`);
      const always = chance.happens(0.08) ? to : null;
      const unregistered = chance.happens(0.08);
      const onNoAnswer = chance.happens(0.5) ? to : row.onNoAnswer;
      const devices = unregistered ? [] : row.devices;
      return { ...row, devices, forwardAll: always, onNoAnswer };
    });
    const box = chance.pick(numbersOf(office));
    const rules = [
      rule(51, chance, outside("420604000001")),
      rule(52, chance, { to: "voicemail", of: box }),
    ];
    return { ...office, extensions, inboundRules: [...office.inboundRules, ...rules] };
  },
  application(office, chance) {
    const rules = [...office.inboundRules, rule(61, chance, dn(CLIENT_ID))];
    return { ...office, inboundRules: rules };
  },
  callbacks(office, chance) {
    const queues = office.queues.map((row) => ({ ...row, callback: chance.happens(0.7) }));
    return { ...office, queues };
  },
  /** Round and round: the queues' calls come to one another, or through a menu back to where they were. */
  overflow(office, chance) {
    const menu = office.ivrs[0]?.number ?? "810";
    const queues = office.queues.map((row, index) => {
      const next = office.queues[(index + 1) % office.queues.length]?.number ?? row.number;
      const to = chance.weighed({ [next]: 3, [menu]: 2, [row.number]: 1 });
      const masterTimeoutMs = chance.between(4, 15) * 1000;
      return { ...row, masterTimeoutMs, onNoAnswer: dn(to) };
    });
    const ivrs = office.ivrs.map((row) => ({ ...row, onTimeout: dn(chance.pick(queues).number) }));
    return { ...office, queues, ivrs };
  },
  unmonitored(office, chance) {
    const left = new Set(numbersOf(office).filter(() => chance.happens(0.25)));
    const clients = office.clients.map((row) => ({
      ...row,
      monitored: row.monitored.filter((number) => !left.has(number)),
    }));
    return { ...office, clients };
  },
  mobiles(office, chance) {
    const extensions = office.extensions.map((row): Extension => {
      const ringsMobile = chance.happens(0.4);
      const busy = chance.happens(0.3);
      const onBusy = busy ? { onBusy: dn(chance.pick(numbersOf(office))) } : {};
      return { ...row, mobile: `420603000${row.number}`, ringsMobile, ...onBusy };
    });
    return { ...office, extensions };
  },
  faxes(office, chance) {
    const fax = { number: FAX, name: "Fax" };
    const to = (of: string): Destination =>
      chance.happens(0.5) ? dn(FAX) : { to: "voicemail", of };
    const extensions = office.extensions.map((row) =>
      chance.happens(0.3) ? { ...row, onNoAnswer: to(row.number) } : row,
    );
    const [box = ""] = numbersOf(office);
    const queues = office.queues.map((row) =>
      chance.happens(0.5) ? { ...row, onNoAnswer: to(box) } : row,
    );
    const ivrs = office.ivrs.map((row) => ({ ...row, options: { ...row.options, "9": to(box) } }));
    const inboundRules = [...office.inboundRules, rule(71, chance, dn(FAX))];
    return { ...office, extensions, queues, ivrs, faxes: [fax], inboundRules };
  },
  trunks(office, chance) {
    const spare = { number: "10008", name: "Spare", externalNumber: "420222000101" };
    const bridge = {
      number: BRIDGE.trunk,
      name: "Branch",
      externalNumber: "",
      prefix: BRIDGE.prefix,
    };
    const rules = [
      rule(81, chance, dn(chance.pick(numbersOf(office))), BRIDGE.trunk),
      rule(82, chance, dn(chance.pick(office.queues).number), BRIDGE.trunk),
      rule(83, chance, outside(`${BRIDGE.prefix}99`)),
    ];
    const inboundRules = [...office.inboundRules, ...rules];
    return { ...office, trunks: [...office.trunks, spare, bridge], inboundRules };
  },
  listening(office, chance) {
    const members = numbersOf(office).filter(() => chance.happens(0.3));
    const group = {
      number: PAGING,
      name: "Everybody",
      members,
      strategy: "Paging" as const,
      ringTimeMs: 10_000,
      onNoAnswer: { to: "end" } as const,
    };
    return { ...office, ringGroups: [...office.ringGroups, group] };
  },
};

export function furnished(
  office: Directory,
  situations: ReadonlySet<SituationName>,
  chance: Chance,
): Directory {
  let furnishedOffice = office;
  for (const name of situations) {
    const change = changes[name];
    if (change) furnishedOffice = change(furnishedOffice, chance);
  }
  return furnishedOffice;
}
