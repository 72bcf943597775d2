/** A certificate for one run of the simulated PBX or the inbox: for localhost, 127.0.0.1 and ::1, its own authority. */

/** As PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/**
 * The library is loaded only here and when it is needed: every command, the service too, would be 6 MB larger and
 * slower to start.
 */
export async function makeCertificate(): Promise<Certificate> {
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
          { type: 7, ip: "::1" },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
