/** One POST, in the ways that the contenders without a sender of their own use it. */
import { type Dispatcher, Pool } from "undici";
import { type Item, idOf } from "./workload.ts";

export type Post = (item: Item) => Promise<void>;

export interface Poster {
  readonly request: Post;
  readonly dispatch: Post;
  readonly fetch: Post;
  close(): Promise<void>;
}

/** Each rejects unless the answer is a 2xx. */
export function createPoster(url: string, connections: number): Poster {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1, allowH2: false });
  const headersOf = ({ n }: Item) => ({
    "content-type": "application/json",
    "webhook-id": idOf(n),
  });
  return {
    async request(item) {
      const options = { path, method: "POST", headers: headersOf(item), body: item.body } as const;
      const { statusCode, body } = await pool.request(options);
      await body.dump();
      check(statusCode);
    },
    dispatch: (item) =>
      new Promise((resolve, reject) => {
        const options = {
          path,
          method: "POST",
          headers: headersOf(item),
          body: item.body,
        } as const;
        pool.dispatch(options, new Reading(resolve, reject));
      }),
    async fetch(item) {
      const answer = await fetch(url, {
        method: "POST",
        headers: headersOf(item),
        body: item.body,
      });
      await answer.arrayBuffer();
      check(answer.status);
    },
    close: () => pool.destroy(),
  };
}

class Reading implements Dispatcher.DispatchHandler {
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  #status = 0;

  constructor(resolve: () => void, reject: (error: Error) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    if (this.#status < 300) this.#resolve();
    else this.#reject(new Error(`Got ${this.#status}.`));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error);
  }
}

function check(status: number): void {
  if (status >= 300) throw new Error(`Got ${status}.`);
}
