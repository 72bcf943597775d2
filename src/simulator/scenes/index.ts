/** Every scene, in the order in which the list shows them. */
import { incomingScenes } from "./incoming.ts";
import { missedScenes } from "./missed.ts";
import { outgoingScenes } from "./outgoing.ts";
import type { Scene } from "./scene.ts";
import { transferScenes } from "./transfers.ts";

export const scenes: readonly Scene[] = [
  ...incomingScenes,
  ...missedScenes,
  ...outgoingScenes,
  ...transferScenes,
];
