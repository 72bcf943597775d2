/**
 * Work that is asked for at any time and never overlaps: a wish that comes while it runs leads to
 * one further run, begun after the wish. So whoever asked gets an answer that is younger than the
 * question.
 */
export interface Again {
  ask(): void;
  readonly busy: boolean;
}

/** `work` must not reject. */
export function makeAgain(work: () => Promise<void>): Again {
  let busy = false;
  let wanted = false;
  async function run(): Promise<void> {
    busy = true;
    do {
      wanted = false;
      await work();
    } while (wanted);
    busy = false;
  }
  return {
    ask() {
      wanted = true;
      if (!busy) void run();
    },
    get busy() {
      return busy;
    },
  };
}
