/** A private CA and a certificate that it signed for this machine, as a PBX without a public name has them. */
import { generate } from "selfsigned";

export interface TestCertificates {
  /** PEM, for `PBX_CA_FILE`. */
  readonly ca: string;
  readonly server: { readonly key: string; readonly cert: string };
}

export async function testCertificates(): Promise<TestCertificates> {
  const keys = { keyType: "ec", algorithm: "sha256" } as const;
  const ca = await generate([{ name: "commonName", value: "Offhook test CA" }], {
    ...keys,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const server = await generate([{ name: "commonName", value: "pbx.test" }], {
    ...keys,
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: "basicConstraints", cA: false },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
      { name: "extKeyUsage", serverAuth: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  return { ca: ca.cert, server: { key: server.private, cert: server.cert } };
}
