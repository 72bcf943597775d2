/**
 * `POST /connect/token`. What must hold: one active token per API client (unless switched off), the
 * form may be urlencoded or multipart.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../util/clock.ts";
import type { ApiClient, Directory } from "./directory.ts";
import type { SimAnswer, SimRequest } from "./seam.ts";
import type { Settings } from "./settings.ts";

/** Of an API client with the role System Owner. */
const ROLES = ["App", "Reports", "system_owners", "CallFlowApp", "MyPhone"];

export class TokenBook {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, { readonly clientId: string; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers a log-in. */
  logIn(request: SimRequest, directory: Directory, settings: Settings): SimAnswer {
    const form = formOf(request);
    const client = directory.clients.find(
      (row) =>
        row.clientId === form.get("client_id") && row.clientSecret === form.get("client_secret"),
    );
    if (!client || form.get("grant_type") !== "client_credentials") return refusal(settings);
    if (settings.oneToken) {
      for (const [token, { clientId }] of this.#tokens) {
        if (clientId === client.clientId) this.#tokens.delete(token);
      }
    }
    const token = makeToken(client, directory.fqdn, this.#clock.now());
    const until = this.#clock.now() + settings.tokenLifetimeMs;
    this.#tokens.set(token, { clientId: client.clientId, until });
    return {
      status: 200,
      body: {
        token_type: "Bearer",
        expires_in: settings.expiresIn,
        access_token: token,
        refresh_token: null,
      },
    };
  }

  /** Whose token it is, if it is in force. */
  clientOf(token: string, directory: Directory): ApiClient | null {
    const found = this.#tokens.get(token);
    if (!found || found.until <= this.#clock.now()) return null;
    return directory.clients.find((row) => row.clientId === found.clientId) ?? null;
  }

  forgetAll(): void {
    this.#tokens.clear();
  }
}

function refusal(settings: Settings): SimAnswer {
  if (settings.badLogin === 400) return { status: 400, body: { error: "invalid_client" } };
  return {
    status: 401,
    body: {
      error: "unauthorized",
      error_description: "The request requires valid user authentication.",
    },
  };
}

/** Looks like the PBX's own: a JWT, ES256, with the claims of a captured one; the signature is random. */
function makeToken(client: ApiClient, fqdn: string, now: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issuedAt = Math.floor(now / 1000);
  const claims = {
    sub: client.clientId,
    scope: "xapi",
    role: ROLES,
    nbf: issuedAt,
    exp: issuedAt + 3600,
    iss: fqdn,
    aud: "/api",
  };
  const head = part({ alg: "ES256", kid: "simulator", typ: "JWT" });
  return `${head}.${part(claims)}.${randomBytes(64).toString("base64url")}`;
}

/** The fields of a log-in: body, then query (one known client sends both). */
function formOf(request: SimRequest): Map<string, string> {
  const type = request.headers["content-type"] ?? "";
  const fields = new Map(request.url.searchParams);
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (boundary !== undefined) {
    for (const part of request.body.split(`--${boundary}`)) {
      const [head = "", ...rest] = part.split("\r\n\r\n");
      const name = /name="([^"]+)"/.exec(head)?.[1];
      if (name !== undefined) fields.set(name, rest.join("\r\n\r\n").replace(/\r\n$/, ""));
    }
  } else {
    for (const [name, value] of new URLSearchParams(request.body)) fields.set(name, value);
  }
  return fields;
}

/** The bearer token of a request; the query's only where the PBX takes it from there. */
export function bearerOf(request: SimRequest, fromQuery: boolean): string {
  const header = /^Bearer\s+(.+)$/i.exec(request.headers.authorization ?? "")?.[1];
  return header ?? (fromQuery ? (request.url.searchParams.get("access_token") ?? "") : "");
}
