/**
 * Bytes of a configuration file → its lines, or the one problem that keeps it from being read as
 * text.
 */

export type Decoded =
  | { readonly kind: "lines"; readonly lines: readonly string[] }
  | {
      readonly kind: "bad";
      readonly problem: {
        readonly line: number;
        readonly found: string;
        readonly expected: string;
      };
    };

const LINE_FEED = 0x0a;
const LINE_END = /\r\n|\n|\r/;

export function decodeUtf8(bytes: Uint8Array, bytesMax: number): Decoded {
  if (bytes.length > bytesMax) {
    const found = `${bytes.length} bytes`;
    return bad(0, found, `a file of at most ${bytesMax} bytes`);
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return bad(1, "UTF-16 text", "UTF-8: save the file again with that encoding");
  }
  try {
    // TextDecoder drops the byte order mark by itself.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { kind: "lines", lines: text.split(LINE_END) };
  } catch {
    const line = firstBadLine(bytes);
    return bad(line, "bytes that are not UTF-8", "UTF-8: save the file again with that encoding");
  }
}

function bad(line: number, found: string, expected: string): Decoded {
  return { kind: "bad", problem: { line, found, expected } };
}

/** A line feed is never part of a longer UTF-8 sequence, so each line can be tried by itself. */
function firstBadLine(bytes: Uint8Array): number {
  let line = 1;
  let start = 0;
  while (start < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, start);
    const stop = end < 0 ? bytes.length : end;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(start, stop));
    } catch {
      return line;
    }
    line += 1;
    start = stop + 1;
  }
  return line;
}
