/**
 * Who belongs to which department, seen from both sides: `Users.Groups` and `Groups.Members` are one
 * list. A DN that nobody has placed belongs to the default department as an ordinary user.
 */
import type { Row } from "./odata/schema.ts";
import type { Ids } from "./store.ts";

export const DEFAULT_GROUP_NUMBER = "GRP0000";
const DEFAULT_ROLE = "users";

interface Placing {
  /** The department's number. */
  readonly group: string;
  readonly role: string;
}

export class Memberships {
  readonly #ids: Ids;
  /** By DN. */
  readonly #placed = new Map<string, readonly Placing[]>();

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** `Groups` of a DN. `departments`: the rows of the set Groups. */
  groupsOf(dn: string, departments: readonly Row[]): Row[] {
    const rows: Row[] = [];
    for (const placing of this.#of(dn)) {
      const department = departments.find((row) => row.Number === placing.group);
      if (!department) continue;
      rows.push({
        Id: this.#ids.of(`member:${placing.group}:${dn}`),
        GroupId: department.Id,
        Name: department.Name,
        Number: department.Number,
        Type: "Group",
        Rights: { RoleName: placing.role },
        CanDelete: placing.group !== DEFAULT_GROUP_NUMBER,
      });
    }
    return rows;
  }

  /** `Members` of a department among the given DNs. */
  membersOf(group: string, dns: readonly Row[]): Row[] {
    return dns.flatMap((dn) => {
      const placing = this.#of(String(dn.Number)).find((entry) => entry.group === group);
      if (!placing) return [];
      return [
        {
          Id: this.#ids.of(`member:${group}:${String(dn.Number)}`),
          Number: dn.Number,
          MemberName: dn.Name,
          Type: dn.Type,
          Rights: { RoleName: placing.role },
          CanDelete: group !== DEFAULT_GROUP_NUMBER,
        },
      ];
    });
  }

  /** What a client wrote as `Users.Groups`. */
  place(dn: string, written: unknown, departments: readonly Row[]): void {
    const placings = rowsIn(written).flatMap((entry) => {
      const department = departments.find(
        (row) => row.Id === entry.GroupId || (entry.Number && row.Number === entry.Number),
      );
      return department ? [{ group: String(department.Number), role: roleIn(entry) }] : [];
    });
    this.#placed.set(dn, placings);
  }

  /** What a client wrote as `Groups.Members`: those named are in, all others are out. */
  fill(group: string, written: unknown, dns: readonly Row[]): void {
    const named = new Map(rowsIn(written).map((entry) => [String(entry.Number), roleIn(entry)]));
    for (const dn of dns.map((row) => String(row.Number))) {
      const others = this.#of(dn).filter((placing) => placing.group !== group);
      const role = named.get(dn);
      this.#placed.set(dn, role === undefined ? others : [...others, { group, role }]);
    }
  }

  forget(dn: string): void {
    this.#placed.delete(dn);
  }

  #of(dn: string): readonly Placing[] {
    return this.#placed.get(dn) ?? [{ group: DEFAULT_GROUP_NUMBER, role: DEFAULT_ROLE }];
  }
}

function roleIn(entry: Row): string {
  const [rights] = rowsIn([entry.Rights]);
  return typeof rights?.RoleName === "string" ? rights.RoleName : DEFAULT_ROLE;
}

/** The objects in what should be a list of objects. */
export function rowsIn(value: unknown): Row[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item): item is Row => typeof item === "object" && item !== null);
}
