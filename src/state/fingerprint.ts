import { createHash } from "node:crypto";

/** Gives the fingerprint of a text, e.g. of a mapping file: SHA-256 as hex. */
export function fingerprintText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Takes userinfo, query and fragment out of an address, whatever stands before it: `kind=https://me:pw@host/a.csv?sig=x` becomes `kind=https://host/a.csv`. */
export function withoutSecrets(text: string): string {
  return text.replace(address, (_whole, scheme: string, authority: string, path: string) => {
    const host = authority.slice(authority.lastIndexOf("@") + 1);
    return `${scheme}${host}${path}`;
  });
}

/** Applies {@link withoutSecrets} to every text of a JSON value. */
export function cleanValue<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) =>
    typeof item === "string" ? withoutSecrets(item) : item,
  ) as T;
}

const address = /([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)([^?#]*).*/is;
