/**
 * XAPI, the configuration API of a 3CX V20: OData 4 in JSON under `/xapi/v1`, over the simulator's
 * directory and live calls. Junk is answered with a status and the published error body, never with
 * a crash; length of the address, depth of a filter and number of rows are bounded.
 */
import { messageOf } from "../../util/messageOf.ts";
import type { ApiClient } from "../directory.ts";
import { findDn } from "../directory.ts";
import { UserMistake } from "../mistake.ts";
import type { Call } from "../model.ts";
import type { RequestHandler, SimAnswer, SimRequest, SimulatorSeam } from "../seam.ts";
import type { DirectoryEdit } from "./edits.ts";
import { liveSets } from "./liveSets.ts";
import { impersonate, SESSION_PATH } from "./myPhone.ts";
import { errorBody, ODataError } from "./odata/error.ts";
import { operations } from "./operations.ts";
import { Recordings } from "./recordings.ts";
import { Resources } from "./resources.ts";
import { EntitySets } from "./sets.ts";
import { singletons } from "./singletons.ts";
import { writeAnswer } from "./write.ts";

const XAPI_ROOT = "/xapi/v1";
export const URL_CHARS_MAX = 16_384;

export function registerXapi(seam: SimulatorSeam): RequestHandler {
  const resources = resourcesOf(seam);
  return async (request) => {
    const { pathname } = request.url;
    const own = pathname === XAPI_ROOT || pathname.startsWith(`${XAPI_ROOT}/`);
    if (seam.settings().xapi === "absent" || !(own || pathname === SESSION_PATH)) return undefined;
    const answer = own ? await answerTo(request, seam, resources) : impersonate(request, seam);
    const headers = { ...answer.headers, "x-3cx-version": seam.directory().version };
    return { ...answer, headers };
  };
}

function resourcesOf(seam: SimulatorSeam): Resources {
  const { pbx, clock } = seam;
  const directory = (): ReturnType<SimulatorSeam["directory"]> => seam.directory();
  const nameOf = (dn: string): string => findDn(directory(), dn)?.name ?? "";
  const endedCalls = () => pbx.endedCalls();
  const loggedCalls = () => {
    const until = clock.now() - pbx.settings.callLogDelayMs;
    return endedCalls().filter(({ endedAt }) => endedAt !== null && endedAt <= until);
  };
  const settings = () => seam.settings();
  const calls = () => [...endedCalls(), ...pbx.calls()];
  const recordings = new Recordings({ directory, settings, now: () => clock.now(), calls });
  const namedRecordings = (call: Call) => (settings().recordingInLog ? recordings.of(call) : []);
  const changeDirectory = (edit: DirectoryEdit): void => {
    pbx.directory = edit(directory());
  };
  const sets = new EntitySets({ directory, changeDirectory });
  return new Resources({
    sets,
    liveSets: liveSets({ pbx, clock, recordings, namedRecordings, nameOf, settings }),
    singletons: singletons({
      directory,
      activeCallCount: () => pbx.activeCalls().length,
      lastCallStartedAt: () =>
        endedCalls().reduce<number | null>(
          (last, call) => Math.max(last ?? 0, call.startedAt),
          null,
        ),
    }),
    operations: operations({
      sets,
      recordings,
      namedRecordings,
      nameOf,
      directory,
      settings,
      changeDirectory,
      calls: () => pbx.calls(),
      loggedCalls,
      dropCall: (id) => pbx.dropCall(id),
      makeCall: (dn, destination) => pbx.makeCall(dn, destination),
    }),
    now: () => clock.now(),
  });
}

async function answerTo(
  request: SimRequest,
  seam: SimulatorSeam,
  resources: Resources,
): Promise<SimAnswer> {
  try {
    const client = permitted(request, seam);
    if (request.url.href.length > URL_CHARS_MAX) {
      throw new ODataError(414, `The address is longer than ${URL_CHARS_MAX} characters.`);
    }
    const call = {
      method: request.method,
      path: request.url.pathname.slice(XAPI_ROOT.length),
      query: request.url.search.slice(1),
      body: request.body,
      client,
    };
    const { outcome, options } = await resources.answer(call);
    const host = request.headers.host ?? seam.directory().fqdn;
    return writeAnswer(outcome, options, `https://${host}${XAPI_ROOT}`, seam.clock.now());
  } catch (error) {
    return refusal(error);
  }
}

function permitted(request: SimRequest, seam: SimulatorSeam): ApiClient {
  const client = seam.authorise(request);
  if (!client) throw new ODataError(401, "The request requires a valid access token.");
  if (seam.settings().xapi === "forbidden" || !client.xapi) {
    throw new ODataError(403, "This API client has no access to the configuration API.");
  }
  return client;
}

function refusal(error: unknown): SimAnswer {
  const status = statusOf(error);
  const message = messageOf(error);
  const target = error instanceof ODataError ? error.target : null;
  return {
    status,
    headers: {
      "content-type": "application/json",
      ...(status === 401 ? { "www-authenticate": "Bearer" } : {}),
    },
    body: errorBody(message, target),
  };
}

function statusOf(error: unknown): number {
  if (error instanceof ODataError) return error.status;
  return error instanceof UserMistake ? 400 : 500;
}
