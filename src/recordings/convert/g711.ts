/**
 * G.711 to linear samples. Must hold: equal to ITU-T G.711 (11/1988), tables 1 and 2, as every telephone
 * decodes it; 256 codes each, so a table for each.
 */

/** µ-law: 14 bits, here in the upper bits of 16. */
export const MULAW = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const [exponent, mantissa] = [(bits >> 4) & 7, bits & 15];
  const magnitude = ((mantissa * 8 + 132) << exponent) - 132;
  return bits & 0x80 ? -magnitude : magnitude;
});

/** A-law: 13 bits, here in the upper bits of 16; every second bit is sent inverted. */
export const ALAW = Int16Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const [exponent, mantissa] = [(bits >> 4) & 7, bits & 15];
  const step = mantissa * 16 + 8;
  const magnitude = exponent === 0 ? step : (step + 256) << (exponent - 1);
  return bits & 0x80 ? magnitude : -magnitude;
});
