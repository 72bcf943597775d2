/**
 * The one call of the user's own API that 3CX's XAPI sample makes: opening a session in another
 * user's name. Its answer is not published; the simulator checks the token and the shape of the
 * request, and opens nothing.
 */
import { messageOf } from "../../util/messageOf.ts";
import type { SimAnswer, SimRequest, SimulatorSeam } from "../seam.ts";
import { parseBody } from "./body.ts";
import { errorBody } from "./odata/error.ts";

export const SESSION_PATH = "/webclient/api/MyPhone/session";

export function impersonate(request: SimRequest, seam: SimulatorSeam): SimAnswer {
  if (!seam.authorise(request)) return refused(401, "The request requires a valid access token.");
  if (request.method !== "POST") return refused(405, "Sessions are opened by POST.");
  try {
    const { impersonate: dn } = parseBody(request.body);
    if (typeof dn === "string" && dn !== "") return { status: 200, body: {} };
    return refused(400, "Expected the number of an extension as 'impersonate'.");
  } catch (error) {
    return refused(400, messageOf(error));
  }
}

function refused(status: number, message: string): SimAnswer {
  return { status, body: errorBody(message) };
}
