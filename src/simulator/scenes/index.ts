/** Every scene, in the order in which the list shows them. */
import { callerScenes } from "./callers.ts";
import { chainScenes } from "./chains.ts";
import { consultationScenes } from "./consultations.ts";
import { incomingScenes } from "./incoming.ts";
import { missedScenes } from "./missed.ts";
import { outgoingScenes } from "./outgoing.ts";
import type { Scene } from "./scene.ts";
import { togetherScenes } from "./together.ts";
import { transferScenes } from "./transfers.ts";

export interface SceneGroup {
  readonly title: string;
  readonly scenes: readonly Scene[];
}

export const sceneGroups: readonly SceneGroup[] = [
  { title: "Incoming, answered", scenes: incomingScenes },
  { title: "Incoming, missed", scenes: missedScenes },
  { title: "Outgoing and inside", scenes: outgoingScenes },
  { title: "Handed over", scenes: transferScenes },
  { title: "Handed over again and again", scenes: chainScenes },
  { title: "Two calls at one phone", scenes: consultationScenes },
  { title: "Several in one conversation", scenes: togetherScenes },
  { title: "Callers and numbers", scenes: callerScenes },
];

export const scenes: readonly Scene[] = sceneGroups.flatMap((group) => group.scenes);
