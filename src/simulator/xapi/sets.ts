/**
 * The entity sets at work: reading them, and writing them with the checks that the PBX makes. The
 * directory comes first; what it does not know is kept beside it. A DN's number is unique over all
 * kinds, is given once and cannot be changed.
 */
import type { ApiClient, Directory } from "../directory.ts";
import {
  displayName,
  FREE_NUMBERS,
  type NumberPlan,
  type SetRules,
  type SetsView,
  WRITABLE_SETS,
} from "./catalogue.ts";
import type { DirectoryEdit } from "./edits.ts";
import { HIDDEN_PEERS } from "./facts.ts";
import { DEFAULT_GROUP_NUMBER, Memberships, rowsIn } from "./memberships.ts";
import { badRequest } from "./odata/error.ts";
import type { EntityType, Row } from "./odata/schema.ts";
import { EntityStore, Ids } from "./store.ts";
import { TYPES } from "./types.ts";

export interface EntitySet {
  readonly name: string;
  readonly type: EntityType;
  /** The properties whose value in brackets addresses one entity; without any, that is 404. */
  readonly keys: readonly ("Id" | "Number")[];
  rows(): Row[];
  readonly writes?: Writes;
}

export interface Writes {
  create(properties: Row): Row;
  patch(row: Row, properties: Row): void;
  remove(row: Row): void;
}

/** What the sets need of the simulator. */
export interface SetsWorld {
  directory(): Directory;
  changeDirectory(edit: DirectoryEdit): void;
}

export class EntitySets {
  readonly #world: SetsWorld;
  readonly #ids = new Ids();
  readonly #memberships = new Memberships(this.#ids);
  readonly #stores = new Map<string, EntityStore>();
  readonly #sets = new Map<string, EntitySet>();

  constructor(world: SetsWorld) {
    this.#world = world;
    for (const rules of WRITABLE_SETS) this.#add(this.#writable(rules));
    this.#add({ name: "Peers", type: TYPES.peer, keys: ["Number"], rows: () => this.peers() });
    this.#add({ name: "DidNumbers", type: TYPES.didNumber, keys: [], rows: () => this.#dids() });
    this.#add({ name: "SipDevices", type: TYPES.sipDevice, keys: [], rows: () => this.#phones() });
    this.#add({ name: "DeviceInfos", type: TYPES.deviceInfo, keys: ["Id"], rows: () => [] });
    // Ids are handed out to all DNs now, not as they are asked for: programs keep them beyond a restart.
    this.peers();
  }

  get(name: string): EntitySet | undefined {
    return this.#sets.get(name);
  }

  names(): string[] {
    return [...this.#sets.keys()];
  }

  /** The sets whose entities are known by a number, too. */
  numbered(): EntitySet[] {
    return [...this.#sets.values()].filter((set) => set.keys.includes("Number"));
  }

  /** The smallest number of a plan that no DN has. */
  freeNumber(plan: NumberPlan): string {
    const used = new Set(this.#allBare().map((row) => row.Number));
    let step = 0;
    while (used.has(FREE_NUMBERS[plan](step))) step += 1;
    return FREE_NUMBERS[plan](step);
  }

  /** Every DN, whatever it is. */
  peers(): Row[] {
    const departments = this.#bare("Groups");
    return this.#allBare().map((row) => ({
      ...row,
      Tags: [],
      MemberOf: row.Type === "Group" ? [] : this.#memberOf(String(row.Number), departments),
    }));
  }

  /** The row of an API client, as XAPI shows it. */
  principalOf(client: ApiClient): Row | undefined {
    const rows = this.#sets.get("ServicePrincipals")?.rows() ?? [];
    return rows.find((row) => row.Number === client.clientId);
  }

  #add(set: EntitySet): void {
    this.#sets.set(set.name, set);
  }

  #bare(set: string): Row[] {
    return this.#stores.get(set)?.bareRows() ?? [];
  }

  /** Peers without their departments, so that departments can be worked out from them. */
  #allBare(): Row[] {
    const list = (set: string, Type: string, nameOf: (row: Row) => unknown): Row[] =>
      this.#bare(set).map((row) => {
        const { Id, Number: dn } = row;
        return { Id, Number: dn, Name: nameOf(row) ?? "", Type, Hidden: false };
      });
    const name = (row: Row): unknown => row.Name;
    const number = (row: Row): unknown => row.Number;
    return [
      ...list("Users", "Extension", displayName),
      ...list("Queues", "Queue", name),
      ...list("Receptionists", "IVR", name),
      ...list("RingGroups", "RingGroup", name),
      ...list("Trunks", "ExternalLine", (row) => rowsIn([row.Gateway])[0]?.Name),
      ...list("ServicePrincipals", "RoutePoint", number),
      ...list("Fax", "Fax", number),
      ...list("Parkings", "Parking", number),
      ...list("Groups", "Group", name),
      ...HIDDEN_PEERS.map((peer) => ({
        Id: this.#ids.of(`dn:${String(peer.Number)}`),
        ...peer,
        Hidden: true,
      })),
    ];
  }

  #memberOf(dn: string, departments: readonly Row[]): Row[] {
    return this.#memberships.groupsOf(dn, departments).map((row) => ({
      GroupID: row.GroupId,
      Name: row.Name,
      Number: row.Number,
      RoleName: rowsIn([row.Rights])[0]?.RoleName,
      IsPrimary: row.Number === DEFAULT_GROUP_NUMBER,
    }));
  }

  #writable(rules: SetRules): EntitySet {
    const { name, type, naturalKey, hasGroups, edits } = rules;
    const store = new EntityStore({
      type,
      naturalKey,
      ids: this.#ids,
      facts: () => rules.facts(this.#world.directory()),
      derived: (row) => ({
        ...(hasGroups ? { Groups: this.#groupsOf(row) } : {}),
        ...rules.derived?.(row, this.#view),
      }),
    });
    this.#stores.set(name, store);
    const settle = (id: unknown): Row | undefined => {
      const row = store.find(id);
      if (row && edits) this.#world.changeDirectory(edits.put(row));
      return store.find(id);
    };
    return {
      name,
      type,
      keys: naturalKey === "Number" ? ["Id", "Number"] : ["Id"],
      rows: () => store.rows(),
      writes: {
        create: (properties) => {
          const complete = this.#newRow(rules, properties);
          const row = store.create(this.#placeInGroups(rules, complete, complete));
          return settle(row.Id) ?? row;
        },
        patch: (row, properties) => {
          expectSameNumber(row, properties);
          store.patch(row, this.#placeInGroups(rules, row, without(properties, "Id")));
          settle(row.Id);
        },
        remove: (row) => {
          if (row.IsDefault === true) throw badRequest("The default department cannot be deleted.");
          if (edits) this.#world.changeDirectory(edits.remove(row));
          store.remove(row);
          this.#memberships.forget(String(row.Number));
        },
      },
    };
  }

  readonly #view: SetsView = {
    resolvePeers: (named) => {
      const peers = this.#allBare();
      return rowsIn(named).flatMap((entry) =>
        peers.filter((peer) => peer.Number === (entry.Number ?? "") || peer.Id === entry.Id),
      );
    },
    membersOf: (department) =>
      this.#memberships.membersOf(
        String(department.Number),
        this.#allBare().filter((peer) => peer.Type === "Extension"),
      ),
    defaultGroupId: () => this.#ids.of(`dn:${DEFAULT_GROUP_NUMBER}`),
  };

  #newRow(rules: SetRules, properties: Row): Row {
    const row = { ...rules.defaults, ...given(without(properties, "Id")) };
    if (rules.naturalKey === "Id") return row;
    const number = row.Number ?? (rules.numbers ? this.freeNumber(rules.numbers) : undefined);
    this.#expectFree(number);
    return { ...row, Number: number };
  }

  #expectFree(number: unknown): void {
    if (typeof number !== "string" || !/^[\w-]{1,64}$/.test(number)) {
      throw badRequest("Expected a number of letters and digits.", "Number");
    }
    if (this.#allBare().some((peer) => peer.Number === number)) {
      throw badRequest(`The number ${number} is in use. Choose another.`, "Number");
    }
  }

  #groupsOf(row: Row): Row[] {
    return this.#memberships.groupsOf(String(row.Number), this.#bare("Groups"));
  }

  /** Who is in which department is kept in one place for both sides. */
  #placeInGroups(rules: SetRules, row: Row, properties: Row): Row {
    const number = String(row.Number);
    if (rules.name === "Groups" && "Members" in properties) {
      this.#memberships.fill(number, properties.Members, this.#allBare());
      return without(properties, "Members");
    }
    if (rules.hasGroups && "Groups" in properties) {
      this.#memberships.place(number, properties.Groups, this.#bare("Groups"));
      return without(properties, "Groups");
    }
    return properties;
  }

  #dids(): Row[] {
    const trunks = this.#bare("Trunks");
    const rules = this.#sets.get("InboundRules")?.rows() ?? [];
    return rules
      .filter((rule) => rule.Condition === "BasedOnDID" && rule.Data)
      .map((rule) => {
        const [trunk] = rowsIn([rule.TrunkDN]);
        return {
          Number: rule.Data,
          TrunkId: trunks.find((row) => row.Number === trunk?.Number)?.Id ?? null,
          TemplateFileName: null,
          RoutingRule: rule,
        };
      });
  }

  #phones(): Row[] {
    const peers = this.#allBare();
    return this.#world.directory().extensions.flatMap((extension) =>
      extension.devices.map((device) => ({
        Id: this.#ids.of(`device:${device.deviceId}`),
        PhoneWebPassword: null,
        ProvLink: null,
        Registrar: { UserAgent: device.userAgent, Contact: device.deviceId },
        DN: peers.find((peer) => peer.Number === extension.number) ?? null,
      })),
    );
  }
}

/** Only what the client really gave: null is as good as nothing when something is created. */
function given(properties: Row): Row {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== null));
}

function without(row: Row, property: string): Row {
  const { [property]: _left, ...rest } = row;
  return rest;
}

function expectSameNumber(row: Row, properties: Row): void {
  if (!("Number" in properties) || properties.Number === row.Number) return;
  throw badRequest(`The number ${String(row.Number)} cannot be changed.`, "Number");
}
