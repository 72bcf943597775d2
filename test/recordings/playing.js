/**
 * What browser.test.ts does in a page: seeks, plays a little, seeks again, and takes what it hears from the sound
 * itself. In the browser's own language, as nothing else here knows its names.
 */

/** Resolves when something holds, looked at whenever the event comes. */
function fact(media, event, holds) {
  return new Promise((resolve, reject) => {
    media.addEventListener(event, () => holds() && resolve());
    media.addEventListener("error", () => reject(new Error(media.error?.message)));
    if (holds()) resolve();
  });
}

const SILENCE_DB = -60;

/** The loudest frequency of the moment; 0 if there is no sound. */
async function earOf(audio) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0 });
  context.createMediaElementSource(audio).connect(analyser).connect(context.destination);
  await context.resume();
  return () => {
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const most = Math.max(...levels);
    if (most < SILENCE_DB) return 0;
    return (levels.indexOf(most) * context.sampleRate) / analyser.fftSize;
  };
}

// biome-ignore lint/correctness/noUnusedVariables: called by the test
async function play({ url, seeks, listens }) {
  const audio = new Audio();
  // Another site's sound may be played, not listened to.
  const hear = listens ? await earOf(audio) : () => 0;
  // As on a page with many of them: only the head is taken before somebody listens.
  audio.preload = "metadata";
  audio.src = url;
  await fact(audio, "loadedmetadata", () => audio.readyState > 0);
  const heard = [];
  for (const at of seeks) {
    audio.currentTime = at;
    await fact(audio, "seeked", () => !audio.seeking);
    const sought = audio.currentTime;
    await audio.play();
    let hz = 0;
    await fact(audio, "timeupdate", () => {
      hz = hear();
      return audio.currentTime > at + 0.5 && (hz > 0 || !listens);
    });
    heard.push({ sought, reached: audio.currentTime, hz });
  }
  audio.pause();
  return { duration: audio.duration, heard };
}

/** Of the player that the browser itself makes for an address. */
// biome-ignore lint/correctness/noUnusedVariables: called by the test
async function durationShown() {
  const media = document.querySelector("video, audio");
  await fact(media, "loadedmetadata", () => media.readyState > 0);
  return media.duration;
}
