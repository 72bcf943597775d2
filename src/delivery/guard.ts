/**
 * Where an endpoint's requests may go: the address that a socket is really connected to decides, not the
 * name in the URL (OWASP, server-side request forgery). Must hold: metadata services, link-local and other
 * addresses that are no receiver's are refused whatever the configuration; so is our own HTTP server; private
 * ones are the endpoint's choice; one bad address among a name's answers refuses the name; what cannot be told
 * is refused.
 */
import { type LookupAddress, type LookupAllOptions, lookup as resolve } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { canonicalAddress, isMetadataName, kindOfAddress } from "../util/address.ts";

export const REFUSED_ADDRESS = "OFFHOOK_REFUSED_ADDRESS";

/** The connection was not made, or cut before anything was sent. */
export class RefusedAddress extends Error {
  readonly code = REFUSED_ADDRESS;
}

export interface Guard {
  /** Before anything is asked of anyone: a literal address, or a name that stands for a metadata service. */
  checkHost(hostname: string, port: number): RefusedAddress | null;
  /** What a socket is, or would be, connected to. */
  checkAddress(hostname: string, address: string, port: number): RefusedAddress | null;
  /** Looks names up; gives all addresses, or the refusal of one of them. */
  lookup(port: number): LookupFunction;
}

export interface GuardOptions {
  readonly allowPrivate: boolean;
  /** The port of our own HTTP server; null = there is none. */
  readonly ownPort: () => number | null;
  /** The machine's resolver; tests bring their own. */
  readonly resolve?: Resolve;
}

export type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

export function createGuard(options: GuardOptions): Guard {
  const { allowPrivate, ownPort, resolve: ask = resolve } = options;

  function checkAddress(hostname: string, address: string, port: number): RefusedAddress | null {
    const at = hostname === address ? address : `${hostname} at ${address}`;
    const found = kindOfAddress(address);
    if (found.kind === "forbidden") {
      return refusal(`${at}, ${found.what}`, "Set another URL: such addresses are never sent to");
    }
    if (port === ownPort() && (found.kind === "loopback" || isOwn(address))) {
      return refusal(`${at}, port ${port}, our own server (LISTEN)`, "Set another URL");
    }
    if (allowPrivate || found.kind === "public") return null;
    const way = "Set ALLOW_PRIVATE = 1 for this endpoint if that is meant";
    return refusal(`${at}, a ${found.kind} address`, way);
  }

  return {
    checkAddress,
    checkHost(hostname, port) {
      const host = bare(hostname);
      if (isIP(host) !== 0) return checkAddress(host, host, port);
      if (!isMetadataName(host)) return null;
      return refusal(`${host}, a cloud's metadata service`, "Set another URL");
    },
    lookup:
      (port) =>
      (hostname, { hints = 0, family, all }, callback) => {
        const asked = { all: true as const, hints, family: familyOf(family) };
        ask(hostname, asked, (error, addresses) => {
          const [first] = addresses ?? [];
          if (error !== null || first === undefined) {
            callback(error ?? new RefusedAddress(`${hostname} has no address`), "", 0);
            return;
          }
          const refused = addresses
            .map(({ address }) => checkAddress(hostname, address, port))
            .find((each) => each !== null);
          if (refused !== undefined) callback(refused, "", 0);
          else if (all) callback(null, addresses);
          else callback(null, first.address, first.family);
        });
      },
  };
}

function refusal(found: string, wayOut: string): RefusedAddress {
  return new RefusedAddress(
    `Expected an address that a receiver may have, got ${found}. ${wayOut}`,
  );
}

/** As `URL.hostname` writes it → as a socket takes it. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/s, "$1");
}

/** An address of this machine's interfaces. */
function isOwn(address: string): boolean {
  const wanted = canonicalAddress(address);
  return Object.values(networkInterfaces()).some((those) =>
    those?.some((own) => canonicalAddress(own.address) === wanted),
  );
}

function familyOf(family: unknown): 0 | 4 | 6 {
  if (family === 4 || family === "IPv4") return 4;
  return family === 6 || family === "IPv6" ? 6 : 0;
}
