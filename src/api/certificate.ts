import { connect } from "node:tls";

/** What a server shows of itself when a TLS connection is opened. */
export type Certificate =
  | { readonly is: "accepted"; readonly issuer: string; readonly validTo: string }
  /** Code of the fault, such as `SELF_SIGNED_CERT_IN_CHAIN`. */
  | { readonly is: "refused"; readonly code: string };

/** Longest wait for the handshake, in milliseconds. */
const patienceMs = 10_000;

/** Opens a TLS connection to an https address, directly, and tells whose certificate the server shows. Sends no request. */
export function lookAtCertificate(url: string): Promise<Certificate> {
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port || 443), servername: /^[\d.:]+$/.test(host) ? "" : host });
    const settle = (certificate: Certificate) => {
      socket.destroy();
      resolve(certificate);
    };
    socket.setTimeout(patienceMs, () => settle({ is: "refused", code: "ETIMEDOUT" }));
    socket.once("error", (error: NodeJS.ErrnoException) => settle({ is: "refused", code: error.code ?? error.name }));
    socket.once("secureConnect", () => {
      const { issuer, valid_to } = socket.getPeerCertificate();
      const name = issuer?.O ?? issuer?.CN ?? "an unnamed authority";
      settle({ is: "accepted", issuer: Array.isArray(name) ? name.join(", ") : name, validTo: valid_to });
    });
  });
}
