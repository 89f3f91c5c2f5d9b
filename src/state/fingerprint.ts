import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** Gives the fingerprint of a text, e.g. of a mapping file: SHA-256 as hex. */
export function fingerprintText(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

const blockBytes = 1024 * 1024;
/** Blocks of a file that its fingerprint covers; of a larger file so many, evenly spread, the first and the last included. */
const maxBlocks = 256;

/**
 * Gives the fingerprint of a file's content: SHA-256 as hex of its size and all of it up to 256 MiB, beyond that of 256 blocks of 1 MiB. The same on
 * every machine, whatever path and times the copy has.
 */
export async function fingerprintFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const blocks = Math.min(maxBlocks, Math.ceil(size / blockBytes));
    const stride = blocks > 1 ? (size - blockBytes) / (blocks - 1) : 0;
    const buffer = Buffer.alloc(Math.min(blockBytes, size));
    hash.update(`${size}\n`);
    for (let block = 0; block < blocks; block++) {
      const start = size <= maxBlocks * blockBytes ? block * blockBytes : Math.round(block * stride);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
  return hash.digest("hex");
}

/** Takes userinfo, query and fragment out of an address, whatever comes before it: `kind=https://me:pw@host/a.csv?sig=x` becomes `kind=https://host/a.csv`. */
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
