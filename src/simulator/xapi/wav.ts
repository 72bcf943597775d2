/**
 * A recording's sound: PCM, 16 bit, 8000 Hz, mono, in a RIFF container, as the PBX is believed to
 * write it. What is heard is a soft tone, another for each recording, so that who plays it knows which it is.
 */
const WAV_RATE_HZ = 8000;
export const WAV_HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;
const AMPLITUDE = 2000;
/** Longer calls get this much sound: enough to be played, small enough for a test. */
const WAV_SOUND_MS_MAX = 5000;

const LOWEST_HZ = 400;
const STEP_HZ = 40;
/** As many tones fit below what 8000 Hz can carry well. */
const TONES = 60;

/** 60 recordings in a row have 60 tones. */
export function toneOf(recordingId: number): number {
  return LOWEST_HZ + STEP_HZ * (recordingId % TONES);
}

export function toneWav(soundMs: number, toneHz: number): Buffer {
  const boundedMs = Math.min(Math.max(soundMs, 0), WAV_SOUND_MS_MAX);
  const samples = Math.round((boundedMs / 1000) * WAV_RATE_HZ);
  const dataBytes = samples * SAMPLE_BYTES;
  const wav = Buffer.alloc(WAV_HEADER_BYTES + dataBytes);
  wav.write("RIFF", 0, "ascii");
  wav.writeUInt32LE(WAV_HEADER_BYTES - 8 + dataBytes, 4);
  wav.write("WAVEfmt ", 8, "ascii");
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(WAV_RATE_HZ, 24);
  wav.writeUInt32LE(WAV_RATE_HZ * SAMPLE_BYTES, 28);
  wav.writeUInt16LE(SAMPLE_BYTES, 32);
  wav.writeUInt16LE(8 * SAMPLE_BYTES, 34);
  wav.write("data", 36, "ascii");
  wav.writeUInt32LE(dataBytes, 40);
  for (let sample = 0; sample < samples; sample += 1) {
    const phase = (2 * Math.PI * toneHz * sample) / WAV_RATE_HZ;
    wav.writeInt16LE(Math.round(AMPLITUDE * Math.sin(phase)), WAV_HEADER_BYTES + 2 * sample);
  }
  return wav;
}
