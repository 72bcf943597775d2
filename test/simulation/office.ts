/** A company of random size with everything that the simulated PBX has: who may be called, and where calls go on. */
import {
  type Destination,
  type Directory,
  defaultDirectory,
  type Extension,
  type InboundRule,
} from "../../src/simulator/directory.ts";
import type { Chance } from "./random.ts";

export const CLIENT_ID = "offhook";
export const CLIENT_SECRET = "simulated-secret-not-a-real-one";

const strategies = ["RingAll", "Hunt", "HuntRandomStart", "NextAgent"] as const;

function some<T>(chance: Chance, values: readonly T[], least: number, most: number): T[] {
  const left = [...values];
  const count = Math.min(left.length, chance.between(least, most));
  return Array.from({ length: count }, () => {
    const [taken] = left.splice(Math.floor(chance.next() * left.length), 1);
    return taken as T;
  });
}

const dn = (number: string): Destination => ({ to: "dn", number });

function extensionsOf(chance: Chance, count: number): Extension[] {
  const [model] = defaultDirectory().extensions;
  if (model === undefined) throw new Error("Expected an extension in the default directory.");
  const numbers = Array.from({ length: count }, (_, index) => String(101 + index));
  return numbers.map((number) => {
    const devices = Array.from({ length: chance.happens(0.25) ? 2 : 1 }, (_, index) => ({
      deviceId: `sip:${number}@127.0.0.1:${5483 + index}`,
      userAgent: "3CX Mobile Client",
      directControl: true,
    }));
    const goesOn = chance.weighed({ end: 6, voicemail: 2, colleague: 2, queue: 1 });
    const onNoAnswer: Destination =
      goesOn === "voicemail"
        ? { to: "voicemail", of: number }
        : goesOn === "colleague"
          ? dn(chance.pick(numbers))
          : goesOn === "queue"
            ? dn("800")
            : { to: "end" };
    return {
      ...model,
      number,
      firstName: `First${number}`,
      lastName: `Last${number}`,
      email: `${number}@pbx.example`,
      devices,
      ringTimeoutMs: chance.between(5, 25) * 1000,
      onNoAnswer,
    };
  });
}

function queuesOf(chance: Chance, numbers: readonly string[]): Directory["queues"] {
  const names = ["Support", "Orders", "Service"];
  const count = chance.between(1, 3);
  return names.slice(0, count).map((name, index) => {
    const onNoAnswer = chance.weighed({ end: 3, voicemail: 1, extension: 1, queue: 1 });
    const other = `80${(index + 1) % count}`;
    return {
      number: `80${index}`,
      name,
      agents: some(chance, numbers, 1, 5),
      strategy: chance.pick(strategies),
      ringTimeoutMs: chance.between(4, 20) * 1000,
      masterTimeoutMs: chance.between(10, 60) * 1000,
      onNoAnswer:
        onNoAnswer === "extension"
          ? dn(chance.pick(numbers))
          : onNoAnswer === "voicemail"
            ? { to: "voicemail", of: chance.pick(numbers) }
            : onNoAnswer === "queue" && other !== `80${index}`
              ? dn(other)
              : { to: "end" },
      callback: false,
    };
  });
}

export function officeOf(chance: Chance): Directory {
  const base = defaultDirectory();
  const extensions = extensionsOf(chance, chance.between(8, 30));
  const numbers = extensions.map(({ number }) => number);
  const queues = queuesOf(chance, numbers);
  const ringGroups = ["Sales", "Workshop"].slice(0, chance.between(1, 2)).map((name, index) => ({
    number: `82${index}`,
    name,
    members: some(chance, numbers, 1, 4),
    strategy: chance.pick(["RingAll", "Hunt"] as const),
    ringTimeMs: chance.between(4, 15) * 1000,
    onNoAnswer: chance.pick<Destination>([{ to: "end" }, dn(chance.pick(numbers)), dn("800")]),
  }));
  const ivrs = ["Main menu", "Night menu"].slice(0, chance.between(1, 2)).map((name, index) => ({
    number: `81${index}`,
    name,
    timeoutMs: chance.between(4, 12) * 1000,
    onTimeout: chance.pick<Destination>([{ to: "end" }, dn(chance.pick(numbers)), dn("800")]),
    options: {
      "1": dn(chance.pick(queues).number),
      "2": dn(chance.pick(ringGroups).number),
      "3": dn(chance.pick(numbers)),
      "4": dn("810"),
    },
  }));
  const targets = [
    ...ivrs.map(({ number }) => number),
    ...queues.map(({ number }) => number),
    ...ringGroups.map(({ number }) => number),
    ...some(chance, numbers, 2, 4),
  ];
  const inboundRules: InboundRule[] = targets.map((target, index) => ({
    id: index + 1,
    ruleName: chance.happens(0.7) ? `Line ${index + 1}` : "",
    did: `42022200${String(index).padStart(4, "0")}`,
    trunk: "10007",
    destination: dn(target),
  }));
  const places = [...queues, ...ivrs, ...ringGroups].map(({ number }) => number);
  return {
    ...base,
    extensions,
    queues,
    ivrs,
    ringGroups,
    inboundRules,
    clients: [
      {
        clientId: CLIENT_ID,
        clientSecret: CLIENT_SECRET,
        callControl: true,
        xapi: true,
        monitored: [...numbers, ...places],
      },
    ],
  };
}
