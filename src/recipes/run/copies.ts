import { existsSync } from "node:fs";
import { rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { SourceError } from "../../errors.js";
import type { BoundSource } from "../../read/bind.js";
import { pipedAgain } from "../go-on/piped-again.js";

/** Where a source that cannot be opened twice is copied while it is read. */
export function copyOf(folder: string, source: Pick<BoundSource, "index">): string {
  return join(folder, "spool", `source-${source.index}`);
}

/** Notes that a source was read to its end, so that its copy, if it has one, can stand in for it. */
export async function noteWhole(folder: string, source: BoundSource): Promise<void> {
  if (existsSync(copyOf(folder, source))) await writeFile(`${copyOf(folder, source)}.whole`, "", { mode: 0o600 });
}

/** The sources of an import that goes on: those whose copy is whole are read from it. */
export function readCopies(folder: string, sources: readonly BoundSource[]): readonly BoundSource[] {
  return sources.map((source) =>
    existsSync(`${copyOf(folder, source)}.whole`) ? { ...source, readFrom: copyOf(folder, source) } : source,
  );
}

/**
 * The stdin of an import that goes on and did not read its first one to its end.
 *
 * @param isSame - whether it must begin as the first one did
 * @throws {SourceError} when there is none
 */
export async function stdinAgain(
  folder: string,
  sources: readonly BoundSource[],
  stdin: Readable | undefined,
  isSame: boolean,
): Promise<Readable | undefined> {
  const source = sources.find(({ path }) => path === "-");
  if (source === undefined || "readFrom" in source) return stdin;
  if (stdin === undefined)
    throw new SourceError(source.name, "was not read to its end before the import stopped", {
      hint: "Pipe the same data again: … | portload resume",
    });
  const copy = copyOf(folder, source);
  if (!existsSync(copy) || !isSame) return stdin;
  const before = `${copy}.before`;
  // Each attempt copies anew; the longest beginning is the one to compare with.
  if (!existsSync(before) || (await stat(before)).size < (await stat(copy)).size) await rename(copy, before);
  return pipedAgain(stdin, before);
}
