/** Tells what was said, once the PBX has it of all files of a link, or when the last look has found some. */
import type { CallEvent } from "../events/event.ts";
import type { Delivery, Entry } from "../outbox/outbox.ts";
import type { Clock } from "../util/clock.ts";
import type { Log } from "../util/log.ts";
import type { Found } from "./find/recordingSource.ts";
import { type SearchSchedule, transcriptDueAt } from "./find/schedule.ts";
import type { Ledger, RecordedLink } from "./ledger.ts";
import { nameOf } from "./links.ts";
import { transcriptEvent } from "./telling.ts";

export interface TranscriptOptions {
  readonly ledger: Ledger;
  readonly route: (event: CallEvent) => readonly string[];
  readonly owed: (deliveries: readonly Delivery[]) => void;
  readonly schedule: () => SearchSchedule;
  readonly clock: Clock;
  readonly log: Log;
}

export async function tellTranscripts(
  links: readonly RecordedLink[],
  found: readonly Found[],
  { ledger, clock, route, owed, schedule, log }: TranscriptOptions,
): Promise<void> {
  const said = new Map(found.map(({ id, transcript }) => [id, transcript]));
  for (const link of links) {
    const transcripts = link.files.flatMap(({ sourceId }) => said.get(sourceId) ?? []);
    if (transcripts.length < link.files.length) {
      const tries = link.tries + 1;
      const dueAt = transcriptDueAt(link, tries, schedule());
      if (dueAt !== null || transcripts.length === 0) {
        await ledger.save({ ...link, dueAt, tries }, []);
        continue;
      }
    }
    const event = transcriptEvent(link.ended, clock.now(), transcripts);
    const endpoints = route(event);
    const entries: Entry[] = endpoints.length > 0 ? [{ event, endpoints }] : [];
    log.info({ id: nameOf(link), endpoints }, "recording.transcribed");
    owed(await ledger.save({ ...link, dueAt: null }, entries));
  }
}
