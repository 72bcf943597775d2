/** Certificates and keys of the configuration: read, looked at, and every doubt reported. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Secret } from "./config.ts";
import type { Key } from "./key.ts";
import type { SectionReader } from "./reader.ts";
import { secret } from "./secret.ts";

type TextKey = Key<string, null>;

/** PEM of the authorities in the file that the key names, null if it names none. */
export async function readCa(reader: SectionReader, key: TextKey): Promise<string | null> {
  return readCertificate(reader, key, "a PEM file with the certificate of the CA");
}

/** What we show of ourselves; null if nothing is said, or something is wrong with it. */
export async function readClient(
  reader: SectionReader,
  names: { readonly clientCert: TextKey; readonly clientKey: TextKey },
): Promise<{ readonly cert: string; readonly key: Secret } | null> {
  const key = await reader.secret(names.clientKey);
  const cert = await readCertificate(reader, names.clientCert, "a PEM file with our certificate");
  const hasCert = reader.has(names.clientCert);
  if (!hasCert && key === null) return null;
  if (!hasCert || key === null) {
    const [there, missing] = hasCert
      ? [names.clientCert, names.clientKey]
      : [names.clientKey, names.clientCert];
    const way = missing === names.clientKey ? `${missing.name}_FILE` : missing.name;
    reader.error(there, `nothing for ${missing.name}`, `both, a certificate and its key: ${way}`);
    return null;
  }
  if (cert === null) return null;
  const expected = "the unencrypted private key of the certificate, in PEM";
  try {
    if (new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      return { cert, key: secret(key) };
    }
    reader.error(names.clientKey, "the key of another certificate", expected);
  } catch {
    reader.error(names.clientKey, "no key that can be read", expected);
  }
  return null;
}

async function readCertificate(
  reader: SectionReader,
  key: TextKey,
  expected: string,
): Promise<string | null> {
  const named = reader.get(key);
  if (named === null) return null;
  const path = reader.path(named);
  const file = await reader.file(path);
  if (file.kind === "unread") {
    reader.error(key, `${path}: ${file.why}`, expected);
    return null;
  }
  const pem = Buffer.from(file.bytes).toString("latin1");
  try {
    new X509Certificate(pem);
    return pem;
  } catch {
    reader.error(key, `${path}, which holds no certificate in PEM`, expected);
    return null;
  }
}
