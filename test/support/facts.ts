/**
 * Waiting for facts: whoever changes something says so, and whoever waits looks again. Nothing is slept for.
 * A fact that does not come within its limit rejects with what was waited for and what there was instead.
 */
export const factMsMax = 60_000;

export class Facts {
  readonly #looks = new Set<() => void>();

  /** Something changed: all that are waiting look again. */
  changed(): void {
    for (const look of this.#looks) look();
  }

  /** `instead` tells the state of things when the fact does not come. */
  until(fact: () => boolean, what: string, instead: () => string = () => ""): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (settle: () => void) => {
        clearTimeout(timer);
        this.#looks.delete(look);
        settle();
      };
      const look = () => {
        if (fact()) over(resolve);
      };
      const timer = setTimeout(() => {
        const message = `Expected ${what} within ${factMsMax} ms. ${instead()}`;
        over(() => reject(new Error(message)));
      }, factMsMax);
      this.#looks.add(look);
      look();
    });
  }
}
