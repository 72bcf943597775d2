/** Signed requests, and what becomes of them: the published verifier takes the first and refuses the rest. */
import { parseSecret, signatureHeader, signedTarget } from "../../src/delivery/signature.ts";
import { createReceiver, type Received, WebhookRefused } from "../../src/receiver/index.ts";
import { anyText, check, mutated, type Target } from "./target.ts";

const SECRETS = [1, 2, 3].map((byte) => `whsec_${Buffer.alloc(32, byte).toString("base64")}`);
const KEYS = SECRETS.map(parseSecret);
const NOW_S = 1_795_228_021;
const receivers = SECRETS.map((secret) =>
  createReceiver({ secrets: secret, now: () => NOW_S * 1000 }),
);

export const signatures: Target = {
  name: "signatures",
  holds: "what was signed is taken, whatever else is refused",
  share: 2,
  run(chance, say) {
    const who = chance.between(0, 2);
    const id = `evt_${chance.between(0, 9999)}`;
    const at = NOW_S + chance.between(-300, 300);
    const url = `/hook?x=${encodeURIComponent(anyText(chance, 4).toWellFormed())}`;
    const body = chance.happens(0.5) ? anyText(chance, 12).toWellFormed() : "";
    const other = chance.between(0, 2);
    const keys = chance.happens(0.3) ? [KEYS[other], KEYS[who]] : [KEYS[who]];
    const payload = body === "" ? signedTarget(url) : body;
    const known = keys.flatMap((key) => (key === undefined ? [] : [key]));
    const signature = signatureHeader(known, id, at, payload);
    const good: Received & { headers: Record<string, string> } = {
      url,
      body,
      headers: {
        "webhook-id": id,
        "webhook-timestamp": String(at),
        "webhook-signature": signature,
      },
    };
    const changed = { ...good, headers: { ...good.headers } };
    const what = chance.pick(["none", "url", "body", ...Object.keys(good.headers)]);
    if (what === "url") changed.url = mutated(chance, url);
    else if (what === "body") changed.body = mutated(chance, body);
    else if (what !== "none") changed.headers[what] = mutated(chance, good.headers[what] ?? "");
    say({ good, changed });
    let taken = false;
    try {
      receivers[who]?.verify(changed);
      taken = true;
    } catch (error) {
      if (!(error instanceof WebhookRefused)) throw error;
    }
    // Added words are passed over, and of a request with a body the target is not signed.
    const kept = signature.split(" ").at(-1) ?? "";
    const bytes = (text: typeof changed.body) => Buffer.from(text ?? "").toString("hex");
    const same =
      changed.headers["webhook-id"] === id &&
      changed.headers["webhook-timestamp"] === String(at) &&
      (changed.headers["webhook-signature"] ?? "").split(" ").includes(kept) &&
      bytes(changed.body) === bytes(body) &&
      (body !== "" || changed.url === url);
    const twin = who === other && known.length > 1;
    check(taken || !same, "a good one is refused");
    check(!taken || same || twin, "a changed one is taken");
  },
};
