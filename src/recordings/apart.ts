/** Who has a link in hand: one deed after the other, and until the last is done the link is nobody else's. */
export class Apart {
  /** Key of a link → until the last that wants it is done. */
  readonly #last = new Map<string, Promise<unknown>>();

  has(key: string): boolean {
    return this.#last.has(key);
  }

  keys(): IterableIterator<string> {
    return this.#last.keys();
  }

  async take(key: string, deed: () => Promise<void>): Promise<void> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(deed);
    const settled = done.catch(() => {});
    this.#last.set(key, settled);
    try {
      await done;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
