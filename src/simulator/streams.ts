/**
 * Sound of a route-point leg: raw PCM, 16 bit little-endian, 8000 Hz, mono, in real time. What
 * comes from the PBX is silence; what is sent to it is counted and thrown away.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { every } from "../util/clock.ts";
import type { Leg } from "./model.ts";
import type { SimulatorSeam } from "./seam.ts";

const CHUNK_MS = 20;
const CHUNK_BYTES = (8000 * 2 * CHUNK_MS) / 1000;
const SILENCE = Buffer.alloc(CHUNK_BYTES);

export function answerStream(
  seam: SimulatorSeam,
  leg: Leg | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (leg?.kind !== "routepoint" || leg.status !== "connected") {
    request.resume();
    response.writeHead(leg ? 424 : 404, { "content-type": "application/json" }).end("{}");
    return;
  }
  const over = whenGone(seam, leg);
  if (request.method === "GET") play(seam, response, over);
  else listen(request, response, over);
}

interface Gone {
  run(then: () => void): void;
  forget(): void;
}

function whenGone(seam: SimulatorSeam, leg: Leg): Gone {
  const runs: (() => void)[] = [];
  const forget = seam.pbx.on((event) => {
    const gone = event.kind === "restarted" || (event.kind === "remove" && event.leg.id === leg.id);
    if (!gone) return;
    forget();
    for (const run of runs) run();
  });
  return {
    run: (then) => runs.push(then),
    forget,
  };
}

function play(seam: SimulatorSeam, response: ServerResponse, over: Gone): void {
  response.writeHead(200, { "content-type": "application/octet-stream" });
  response.write(SILENCE);
  const cancel = every(seam.clock, CHUNK_MS, () => response.write(SILENCE));
  over.run(() => {
    cancel();
    response.end();
  });
  response.on("close", () => {
    cancel();
    over.forget();
  });
}

function listen(request: IncomingMessage, response: ServerResponse, over: Gone): void {
  const done = () => {
    over.forget();
    if (response.writableEnded) return;
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  };
  over.run(() => {
    done();
    request.resume();
  });
  request.on("data", () => {});
  request.on("end", done);
  request.on("error", () => over.forget());
  response.on("close", () => over.forget());
}
