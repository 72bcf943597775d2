/** The office with what the situations of a seed need. */
import type { Destination, Directory } from "../../src/simulator/directory.ts";
import { CLIENT_ID } from "./office.ts";
import type { Chance } from "./random.ts";
import type { SituationName } from "./situations.ts";

const outside = (number: string): Destination => ({ to: "external", number });

export function furnished(
  office: Directory,
  situations: ReadonlySet<SituationName>,
  chance: Chance,
): Directory {
  const numbers = office.extensions.map(({ number }) => number);
  const rule = (id: number, destination: Destination) => ({
    id,
    ruleName: chance.happens(0.5) ? `Extra line ${id}` : "",
    did: `42022201${String(id).padStart(4, "0")}`,
    trunk: "10007",
    destination,
  });
  const extensions = office.extensions.map((row) => {
    const to = outside(`420603000${row.number}`);
    if (!situations.has("forwards")) return row;
    const always = chance.happens(0.08) ? to : null;
    const unregistered = chance.happens(0.08);
    const onNoAnswer = chance.happens(0.5) ? to : row.onNoAnswer;
    const devices = unregistered ? [] : row.devices;
    return { ...row, devices, forwardAll: always, onNoAnswer };
  });
  const rules = [...office.inboundRules];
  if (situations.has("forwards")) {
    rules.push(rule(51, outside("420604000001")));
    rules.push(rule(52, { to: "voicemail", of: chance.pick(numbers) }));
  }
  if (situations.has("application")) rules.push(rule(61, { to: "dn", number: CLIENT_ID }));
  const queues = office.queues.map((row) =>
    situations.has("callbacks") ? { ...row, callback: chance.happens(0.7) } : row,
  );
  return { ...office, extensions, queues, inboundRules: rules };
}
