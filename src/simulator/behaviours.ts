/**
 * How the simulator deviates from a well-behaved PBX: ordered behaviours, asked before the default
 * for each request, upgrade and frame. The first that answers wins; a test prepends one.
 */
import type { WireFrame } from "../source/threecx/wire.ts";
import type { SimAnswer, SimRequest } from "./seam.ts";

export type Occasion =
  /** An HTTP request, log-in and XAPI included. */
  | { readonly kind: "request"; readonly request: SimRequest }
  /** A client wants the WebSocket. */
  | { readonly kind: "upgrade"; readonly request: SimRequest }
  /** A frame is about to be sent to one client. */
  | { readonly kind: "frame"; readonly frame: WireFrame; readonly clientId: string };

export type Deviation =
  /** Request, upgrade: this answer instead. */
  | ({ readonly do: "answer" } & SimAnswer)
  /** Request, upgrade, frame: the default, this much later. */
  | { readonly do: "delay"; readonly ms: number }
  /** Request, upgrade: the socket is cut. Frame: the WebSocket is cut. */
  | { readonly do: "cut" }
  /** Request, upgrade: never answered. Frame: not sent, its number is used up. */
  | { readonly do: "drop" }
  /** Frame: sent twice, with two numbers. */
  | { readonly do: "twice" }
  /** Frame: this text instead. */
  | { readonly do: "garble"; readonly text: string };

export type Behaviour = (occasion: Occasion) => Deviation | undefined;

/** The first deviation that any behaviour asks for. */
export function deviationFor(
  behaviours: readonly Behaviour[],
  occasion: Occasion,
): Deviation | undefined {
  for (const behaviour of behaviours) {
    const deviation = behaviour(occasion);
    if (deviation) return deviation;
  }
  return undefined;
}

/** A behaviour for requests whose path matches; `times` of them, then the default again. */
export function onPath(
  path: RegExp,
  deviation: Deviation,
  times = Number.POSITIVE_INFINITY,
): Behaviour {
  const isMeant = (occasion: Occasion) =>
    occasion.kind !== "frame" && path.test(occasion.request.path);
  return upTo(times, isMeant, deviation);
}

/** A behaviour for frames whose entity matches; `times` of them, then the default again. */
export function onFrame(
  entity: RegExp,
  deviation: Deviation,
  times = Number.POSITIVE_INFINITY,
): Behaviour {
  const isMeant = (occasion: Occasion) =>
    occasion.kind === "frame" && entity.test(occasion.frame.event.entity);
  return upTo(times, isMeant, deviation);
}

function upTo(
  times: number,
  isMeant: (occasion: Occasion) => boolean,
  deviation: Deviation,
): Behaviour {
  let left = times;
  return (occasion) => {
    if (left <= 0 || !isMeant(occasion)) return undefined;
    left -= 1;
    return deviation;
  };
}
