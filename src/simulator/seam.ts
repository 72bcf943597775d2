/**
 * The seam between the simulator's server and what answers requests beside the Call Control API
 * (XAPI, control): a handler is a function from a request to an answer; undefined = not mine.
 */
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../util/clock.ts";
import type { ApiClient, Directory } from "./directory.ts";
import type { Pbx } from "./pbx.ts";
import type { Settings } from "./settings.ts";

export interface SimRequest {
  readonly method: string;
  /** Path and query as sent; `url.searchParams` are decoded. */
  readonly url: URL;
  /** Decoded path, no query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Whole body, UTF-8; at most `BODY_BYTES_MAX`. */
  readonly body: string;
  /** Address of the caller's socket. */
  readonly remoteAddress: string;
}

/** How a body comes, if not all at once. */
export interface Pace {
  /** null = at once. */
  readonly bytesPerS: number | null;
  /** The connection is cut in the middle. */
  readonly breaksOff: boolean;
}

export interface SimAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Buffer and string go out as they are, anything else as JSON. */
  readonly body?: unknown;
  readonly pace?: Pace;
}

export type RequestHandler = (
  request: SimRequest,
) => SimAnswer | undefined | Promise<SimAnswer | undefined>;

/** What `registerXapi(seam): RequestHandler` is given. */
export interface SimulatorSeam {
  readonly pbx: Pbx;
  readonly clock: Clock;
  /** Read at each request: both may be changed while the simulator runs. */
  directory(): Directory;
  settings(): Settings;
  /** The client that the bearer token (or `?access_token=`) belongs to; null = 401. */
  authorise(request: SimRequest): ApiClient | null;
}
