/** Which calls have a row in the store, and what is written when. */
import { describe, expect, it } from "vitest";
import { OutboxModel } from "../test/conformance/outboxModel.ts";
import { inside, Phone } from "../test/support/phone.ts";
import { CallRows, takeUp } from "./lastRun.ts";

/** A phone whose changes are written as the pipeline would. */
function writing() {
  const phone = new Phone();
  const rows = new CallRows("main", phone.state.calls);
  /** `8` = call 8 is written, `-8` = its row is deleted. */
  const written = (...changed: number[]) =>
    rows
      .after(new Set(changed), phone.state.calls)
      .map(({ key, state }) => (state === null ? `-${key}` : key));
  return { phone, rows, written };
}

describe("the rows of inside calls", () => {
  it("are none, nor are any deleted, as long as nobody in them has an outside call", () => {
    const { phone, written } = writing();
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102") });
    expect(written(8)).toEqual([]);
    phone.gone("102/6", "103/7");
    expect(written(8)).toEqual([]);
  });

  it("are there of who has an outside call, from when they have both until the inside one next changes when the other is over", () => {
    const { phone, written } = writing();
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
    phone.leg("103", 7, "connected", { callNumber: 8, party: inside("102") });
    expect(written(8)).toEqual([]);
    phone.leg("102", 5, "ringing");
    // Whichever of the two has changed, and written once if nothing of it has.
    expect(written(7)).toEqual(["7", "8"]);
    phone.leg("102", 5, "connected");
    expect(written(7)).toEqual(["7"]);
    phone.leg("102", 6, "connected", { callNumber: 8, party: inside("103") });
    expect(written(8)).toEqual(["8"]);
    phone.gone("102/5");
    phone.list();
    phone.pass(100);
    phone.list();
    phone.pass(400);
    phone.list();
    phone.pass(400);
    phone.list();
    expect(phone.told().at(-1)).toBe("ended 102 -1 Ok");
    expect(written(7)).toEqual(["7"]);
    phone.gone("102/6");
    expect(written(8)).toEqual(["-8"]);
    phone.gone("103/7");
    expect(written(8)).toEqual([]);
  });

  it("are taken up by the next start, and deleted when they have gone", async () => {
    const { phone, rows } = writing();
    phone.leg("102", 5, "connected");
    phone.leg("102", 6, "dialing", { callNumber: 8, party: inside("103") });
    const store = new OutboxModel();
    await store.append([], rows.after(new Set([7, 8]), phone.state.calls));
    const { state } = await takeUp(store, "main", { bootId: "b", zeroAt: 0 });
    expect(state.calls.values()).toEqual(phone.state.calls.values());
    const next = new CallRows("main", state.calls);
    const deleted = next.after(new Set([8]), state.calls.with(8, null));
    expect(deleted).toEqual([{ pbx: "main", key: "8", state: null }]);
  });
});
