/** The decoders of packed sound, against those that telephones and toolkits use. */
import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { ALAW, MULAW } from "./g711.ts";
import { GSM_BLOCK_BYTES, GSM_BLOCK_SAMPLES, GsmDecoder } from "./gsm610.ts";

const sha256 = (samples: Int16Array) =>
  createHash("sha256").update(Buffer.from(samples.buffer)).digest("hex");

it("G.711: the published ends and middles of the tables, and all of both as sox decodes them", () => {
  expect([0x00, 0x7f, 0x80, 0xff].map((code) => MULAW[code])).toEqual([-32_124, 0, 32_124, 0]);
  expect([0x2a, 0xaa, 0x55, 0xd5].map((code) => ALAW[code])).toEqual([-32_256, 32_256, -8, 8]);
  expect(sha256(ALAW)).toBe("e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174");
  expect(sha256(MULAW)).toBe("3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827");
});

it("GSM 06.10: 64,000 samples of any bits are those of libgsm, bit for bit", () => {
  const blocks = 200;
  let state = 1;
  const bytes = Uint8Array.from({ length: blocks * GSM_BLOCK_BYTES }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  const decoder = new GsmDecoder();
  const samples = new Int16Array(blocks * GSM_BLOCK_SAMPLES);
  for (let block = 0; block < blocks; block += 1) {
    const start = block * GSM_BLOCK_BYTES;
    const piece = bytes.subarray(start, start + GSM_BLOCK_BYTES);
    decoder.decode(piece, samples, block * GSM_BLOCK_SAMPLES);
  }
  // Of `sox g.wav -t raw -e signed -b 16`, these bytes in a WAV file of format 49.
  expect(sha256(samples)).toBe("e2c30ea011004e7725c3f79d8e4e208c83357d923890f2ea56af11afe8a9ff8a");
});
