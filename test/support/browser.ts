/**
 * A headless Chromium that comes from packages alone, its libraries and fonts included: nothing of the machine is
 * needed, any user may run it. It is unpacked into a folder of its own for each use, as two users cannot share one.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { factMsMax } from "./facts.ts";

/** What makes the package bring its libraries too: it was made for this. */
const BRINGS_LIBRARIES = "AWS_Lambda_nodejs24.x";

const ARGS = [
  // Root may not have one, and others may lack the right to; it opens pages of ours alone.
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
  "--autoplay-policy=no-user-gesture-required",
];

export async function startBrowser(): Promise<{ browser: Browser; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "offhook-browser-"));
  const executablePath = await unpacked(folder);
  const browser = await chromium.launch({
    executablePath,
    args: ARGS,
    timeout: factMsMax,
    env: {
      HOME: folder,
      TMPDIR: folder,
      FONTCONFIG_PATH: join(folder, "fonts"),
      LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
    },
  });
  return {
    browser,
    async stop() {
      await browser.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The package looks at the environment, which is put back as it was. */
async function unpacked(folder: string): Promise<string> {
  const before = { ...process.env };
  process.env.TMPDIR = folder;
  process.env.AWS_EXECUTION_ENV = BRINGS_LIBRARIES;
  try {
    const { default: packed } = await import("@sparticuz/chromium");
    return await packed.executablePath();
  } finally {
    process.env = before;
  }
}
