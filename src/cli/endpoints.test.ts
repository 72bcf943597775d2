/** `offhook endpoints` and `resume`, beside the running service. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { callEvent } from "../../test/conformance/outboxEvents.ts";
import { comesTrue } from "../../test/support/embedded.ts";
import { ownPort } from "../../test/support/port.ts";
import { storedWorld, storeSettled } from "../../test/support/storedWorld.ts";

describe("offhook endpoints", () => {
  it("shows a paused endpoint and resumes it", async () => {
    const { run, store, start, inbox, facts } = await storedWorld();
    await store((outbox) => outbox.append([{ event: callEvent(1), endpoints: ["default"] }], []));
    inbox.fail("410x1");
    const service = await start();
    await facts.until(() => inbox.webhooks().length === 1, "a webhook");
    await comesTrue(
      () => service.endpoints().some(({ condition }) => condition.state === "paused"),
      "a pause",
    );
    const [head, row] = (await run("endpoints")).out.split("\n");
    expect(head).toMatch(/^ENDPOINT +STATE +PENDING +OLDEST/);
    expect(row).toMatch(/^default +paused +1 +2021-07-01T\S+ +0 +0 +0 +.*410/);
    expect((await run("endpoints", "resume", "default")).out).toBe("default is resumed.\n");
    await facts.until(() => inbox.webhooks().length === 2, "the webhook again");
    expect((await run("endpoints", "resume", "default")).out).toContain("was not paused.");
    const json = JSON.parse((await run("endpoints", "--json")).out);
    expect(json).toMatchObject([{ name: "default", state: expect.any(String) }]);
  });

  it("says why the service cannot be asked, and tells what the store knows", async () => {
    const { run, store, start, ini } = await storedWorld();
    await store(storeSettled);
    await start();
    // As after an edit that takes effect at the next start.
    await writeFile(
      ini,
      (await readFile(ini, "utf8")).replace(
        /^LISTEN = .*$/m,
        `LISTEN = 127.0.0.1:${await ownPort()}`,
      ),
    );
    const ran = await run("endpoints");
    expect(ran.out).toMatch(/^default +service not reached +0 +1 +1 +1$/m);
    expect(ran.err).toMatch(
      /\(LISTEN\), got: .*ECONNREFUSED.* check LISTEN\. This is what the store knows\.$/m,
    );
  });

  it("resumes nothing that the configuration lacks", async () => {
    const { run, store, start } = await storedWorld();
    await store((outbox) => outbox.append([{ event: callEvent(1), endpoints: ["gone"] }], []));
    await start();
    const owed = await run("endpoints", "resume", "gone");
    expect(owed).toMatchObject({ code: 2, out: "" });
    expect(owed.err).toBe(
      'error: Expected an endpoint of the configuration (default), got "gone". ' +
        "The delivery that waits for it will be sent when the ini has it again.\n",
    );
    const nobody = await run("endpoints", "resume", "nobody");
    expect(nobody).toMatchObject({ code: 2, out: "" });
    expect(nobody.err).toMatch(/\(default\), got "nobody"\.\n$/);
  });

  it("says where the admin token should be", async () => {
    const { run, store, dataDir } = await storedWorld();
    await store(storeSettled);
    await mkdir(join(dataDir, "admin.token"));
    const ran = await run("endpoints");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toMatch(/Expected the admin token in the file .*admin\.token, got: EISDIR/);
  });

  it("is refused with another token", async () => {
    const { run, store, start, dataDir } = await storedWorld();
    await store(storeSettled);
    await start();
    await writeFile(join(dataDir, "admin.token"), "another\n");
    const ran = await run("endpoints");
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toContain("does not accept this admin token");
  });
});
