/** docs/situations.md and docs/unknowns.md say what the program does: played anew, they come out the same. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { settingsSchema } from "../../src/simulator/settings.ts";
import { command, documents } from "./documents.ts";
import { notPlayed, unknowns } from "./switches.ts";

describe("the generated documents", () => {
  it(`are what \`${command}\` writes now`, async () => {
    for (const [file, text] of await documents()) {
      const written = await readFile(file, "utf8");
      expect(
        written.split("\n"),
        `${file} differs: run \`${command}\`, and look at what changed`,
      ).toEqual(text.split("\n"));
    }
  });

  it("cover every switch of the simulator, or say why not", () => {
    const told = [...unknowns.flatMap(({ keys }) => keys), ...Object.keys(notPlayed)];
    expect(told.sort(), "Describe the new switch in test/situations/switches.ts.").toEqual(
      Object.keys(settingsSchema.shape).sort(),
    );
  });
});
