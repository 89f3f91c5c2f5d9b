import { readFileSync } from "node:fs";

/** A file of this package, such as a sample. */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url);
}

/** This package's version. */
export const version: string = (JSON.parse(readFileSync(packageFile("package.json"), "utf8")) as { version: string })
  .version;
