/** A receiver behind TLS with a private authority, and a client certificate of the same authority. */
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { generate } from "selfsigned";
import { onTestFinished } from "vitest";

export interface TlsFixture {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  /** What Offhook shows of itself. */
  readonly client: { readonly cert: string; readonly key: string };
}

export async function tlsFixture(): Promise<TlsFixture> {
  const keys = { keyType: "ec", algorithm: "sha256" } as const;
  const ca = await generate([{ name: "commonName", value: "Offhook receiver test CA" }], {
    ...keys,
    extensions: [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const signed = async (name: string, usage: "serverAuth" | "clientAuth") => {
    const made = await generate([{ name: "commonName", value: name }], {
      ...keys,
      ca: { key: ca.private, cert: ca.cert },
      extensions: [
        { name: "basicConstraints", cA: false },
        { name: "keyUsage", digitalSignature: true, keyEncipherment: true },
        { name: "extKeyUsage", [usage]: true },
        { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
      ],
    });
    return { cert: made.cert, key: made.private };
  };
  const server = await signed("receiver.test", "serverAuth");
  return { ca: ca.cert, server, client: await signed("offhook.test", "clientAuth") };
}

/** The common name that the caller's certificate bears, "" if it showed none. */
export function callerName(socket: TLSSocket): string {
  const { subject } = socket.getPeerCertificate();
  return subject === undefined ? "" : String(subject.CN);
}

/** Its origin; closed after the test. */
export async function tlsReceiver(
  options: ServerOptions,
  listener: RequestListener,
): Promise<string> {
  const server = createServer(options, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
