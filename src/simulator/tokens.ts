/**
 * `POST /connect/token`, and the log-in of a person as web clients and older programs do it. What must hold: one active
 * token per API client (unless switched off), beside those of persons; the form may be urlencoded or multipart.
 */
import { randomBytes, randomUUID } from "node:crypto";
import type { Clock } from "../util/clock.ts";
import { parseObject } from "./callcontrol.ts";
import type { ApiClient, Directory } from "./directory.ts";
import type { SimAnswer, SimRequest } from "./seam.ts";
import type { Settings } from "./settings.ts";

/** Of an API client; with the configuration API, of one with the role System Owner. */
function rolesOf({ xapi, callControl }: ApiClient): string[] {
  const roles = ["App"];
  if (xapi) roles.push("Reports", "system_owners");
  if (callControl) roles.push("CallFlowApp");
  return roles;
}

/** A person has no password here: an API client's id and secret do. */
export const PERSON_PATH = "/webclient/api/Login/GetAccessToken";
const PERSONS_MAX = 1000;

interface Known {
  readonly clientId: string;
  readonly until: number;
  readonly isPersons: boolean;
}

export class TokenBook {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, Known>();
  /** Refresh tokens of persons, to the client whose id and secret they gave. */
  readonly #persons = new Map<string, string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Answers a log-in. */
  logIn(request: SimRequest, directory: Directory, settings: Settings): SimAnswer {
    const form = formOf(request);
    if (form.get("grant_type") === "refresh_token") {
      const refresh = form.get("refresh_token") ?? cookieOf(request, "RefreshTokenCookie");
      const clientId = this.#persons.get(refresh);
      const person = directory.clients.find((row) => row.clientId === clientId);
      if (!person) return refusal(settings);
      return { status: 200, body: this.#issue(person, directory, settings, refresh) };
    }
    const client = clientBy(directory, form.get("client_id"), form.get("client_secret"));
    if (!client || form.get("grant_type") !== "client_credentials") return refusal(settings);
    if (settings.oneToken) {
      for (const [token, { clientId, isPersons }] of this.#tokens) {
        if (clientId === client.clientId && !isPersons) this.#tokens.delete(token);
      }
    }
    return { status: 200, body: this.#issue(client, directory, settings, null) };
  }

  /** Answers the log-in of a person. */
  logInPerson(request: SimRequest, directory: Directory, settings: Settings): SimAnswer {
    const { Username, Password } = parseObject(request.body);
    const client = clientBy(directory, Username, Password);
    if (!client) return { status: 200, body: { Status: "AuthFailed" } };
    const refresh = randomBytes(32).toString("base64url");
    const [oldest] = this.#persons.keys();
    if (oldest !== undefined && this.#persons.size >= PERSONS_MAX) this.#persons.delete(oldest);
    this.#persons.set(refresh, client.clientId);
    const Token = this.#issue(client, directory, settings, refresh);
    return { status: 200, body: { Status: "AuthSuccess", Token } };
  }

  #issue(
    client: ApiClient,
    { fqdn }: Directory,
    { expiresIn, tokenLifetimeMs }: Settings,
    refresh: string | null,
  ): object {
    const now = this.#clock.now();
    for (const [token, { until }] of this.#tokens) if (until <= now) this.#tokens.delete(token);
    const token = makeToken(client, fqdn, now);
    const { clientId } = client;
    const until = now + tokenLifetimeMs;
    this.#tokens.set(token, { clientId, until, isPersons: refresh !== null });
    return {
      token_type: "Bearer",
      expires_in: expiresIn,
      access_token: token,
      refresh_token: refresh,
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
    this.#persons.clear();
  }
}

function clientBy(directory: Directory, id: unknown, secret: unknown): ApiClient | undefined {
  return directory.clients.find((row) => row.clientId === id && row.clientSecret === secret);
}

function cookieOf({ headers }: SimRequest, name: string): string {
  const cookies = (headers.cookie ?? "").split(";").map((cookie) => cookie.trim());
  return cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
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

/** Looks like the PBX's own: a JWT, ES256, with the claims of captured ones; the signature is random. */
function makeToken(client: ApiClient, fqdn: string, now: number): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const issuedAt = Math.floor(now / 1000);
  const claims = {
    // Who it is: as older builds say it, and as newer ones do.
    unique_name: client.clientId,
    sub: client.clientId,
    scope: "xapi",
    jti: randomUUID(),
    role: rolesOf(client),
    nbf: issuedAt,
    exp: issuedAt + 3600,
    iat: issuedAt,
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
