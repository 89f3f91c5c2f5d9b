import { createReadStream, existsSync } from "node:fs";
import { rename, stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { SourceError, StateError } from "../../errors.js";
import { isGone } from "../../given-source.js";
import type { BoundSource } from "../../read/bind.js";
import { givenBytes, goneError } from "../../read/given.js";
import type { OpenSource } from "../../read/open.js";
import { commandOn } from "../../reject.js";
import type { PastImport } from "../../state/folders.js";
import type { Fingerprints, JournalHeader, SourceFingerprint } from "../../state/journal-lines.js";
import { type ReopenedState, reopenState } from "../../state/reopen.js";
import type { Folder, OpenFolder } from "../run/folder.js";
import { copyOf } from "../stages/entities.js";

/** The folder of an import that is resumed. */
export interface ReopenedFolder extends Folder {
  readonly state: ReopenedState;
}

/**
 * Opens the folder of an import that stopped.
 *
 * Throws a StateError when what it was begun with has changed, unless that is accepted, and a SourceError when its stdin must be piped again and is not.
 *
 * @param acceptChanges - resume although what it was begun with has changed
 */
export function reopenFolder(
  { folder, header: before, importId }: PastImport,
  acceptChanges: boolean,
): OpenFolder<ReopenedFolder> {
  return async ({ header, sources: given, stdin, recall }) => {
    const changes = findChanges(before, header);
    const isSame = changes.lines.length === 0;
    if (!isSame && !acceptChanges) refuseChanges(importId, changes);
    const copied = readCopies(folder, given);
    for (const { given: from, name, readFrom } of copied)
      if (from !== undefined && readFrom === undefined && isGone(from)) throw goneError(name);
    const state = await reopenState({
      stateDir: dirname(folder),
      folder,
      header: before,
      ...(!isSame && { changed: header }),
      voided: changes.voided,
      recall,
    });
    try {
      const sources = await givenAgain(folder, copied, isSame);
      return { state, sources, stdin: await stdinAgain(folder, sources, stdin, isSame) };
    } catch (error) {
      await state.close("unfinished");
      throw error;
    }
  };
}

/** A source, perhaps read from its copy. */
type CopiedSource = BoundSource & Pick<OpenSource, "readFrom" | "open">;

/** Those whose copy is whole are read from it. */
function readCopies(folder: string, sources: readonly BoundSource[]): readonly CopiedSource[] {
  return sources.map((source) =>
    existsSync(`${copyOf(folder, source)}.whole`) ? { ...source, readFrom: copyOf(folder, source) } : source,
  );
}

/**
 * The stdin of an import that did not read its first one to its end.
 *
 * @param isSame - whether it must begin as the first one did
 * @throws {SourceError} when there is none
 */
async function stdinAgain(
  folder: string,
  sources: readonly CopiedSource[],
  stdin: Readable | undefined,
  isSame: boolean,
): Promise<Readable | undefined> {
  const source = sources.find(({ path, given }) => path === "-" && given === undefined);
  if (source?.readFrom !== undefined || source === undefined) return stdin;
  if (stdin === undefined)
    throw new SourceError(source.name, "was not read to its end before the import stopped", {
      hint: `Pipe the same data again: … | ${commandOn("resume", { importId: basename(folder), folder })}`,
    });
  const before = isSame ? await beginningOf(copyOf(folder, source)) : undefined;
  return before === undefined ? stdin : pipedAgain(stdin, before);
}

/** The longest beginning that was copied of a source that was not read to its end; undefined where none was. Each attempt copies again. */
async function beginningOf(copy: string): Promise<string | undefined> {
  if (!existsSync(copy)) return undefined;
  const before = `${copy}.before`;
  if (!existsSync(before) || (await stat(before)).size < (await stat(copy)).size) await rename(copy, before);
  return before;
}

/** What a program gives again, because the import did not read it to its end. @param isSame - whether it must begin as it did the first time */
async function givenAgain(
  folder: string,
  sources: readonly CopiedSource[],
  isSame: boolean,
): Promise<readonly CopiedSource[]> {
  return Promise.all(
    sources.map(async (source) => {
      const { given, name, readFrom } = source;
      if (given === undefined || readFrom !== undefined || !isSame) return source;
      const before = await beginningOf(copyOf(folder, source));
      if (before === undefined) return source;
      return { ...source, open: (signal) => compared(givenBytes(given, name, signal), before, name) };
    }),
  );
}

/** What is different between an import that stopped and the one that resumes it. */
export interface Changes {
  /** In words, one for each thing that changed. */
  readonly lines: readonly string[];
  /** True for a source of which nothing counts as settled any more: what was sent may have changed. */
  readonly voided: (source: number) => boolean;
}

/** Options that decide what is sent; all others may differ. */
const deciding = ["mode", "updateOnly", "only", "limit", "blueprints", "runId"] as const;

/**
 * Compares an import that stopped with the one that resumes it. Pure.
 *
 * Where mapping or target changed, nothing counts as settled; where a source changed, nothing of that source. Changed options hold for what is left.
 */
export function findChanges(
  before: Pick<JournalHeader, "options" | "fingerprints">,
  now: Pick<JournalHeader, "options" | "fingerprints">,
): Changes {
  const lines: string[] = [];
  const allVoid = describeWhole(before.fingerprints, now.fingerprints, lines);
  const voided = new Set<number>();
  const sources = Math.max(before.fingerprints.sources.length, now.fingerprints.sources.length);
  for (let index = 0; index < sources; index++) {
    const [old, current] = [before.fingerprints.sources[index], now.fingerprints.sources[index]];
    const what = describeSource(old, current);
    if (what === undefined) continue;
    voided.add(index);
    lines.push(what);
  }
  for (const name of deciding) {
    const [old, current] = [before.options[name], now.options[name]];
    if (JSON.stringify(old) !== JSON.stringify(current))
      lines.push(`option ${name} is ${shown(current)} now; it was ${shown(old)}`);
  }
  return { lines, voided: (source) => allVoid || voided.has(source) };
}

/** Refuses to resume what changed. @throws {StateError} naming every change */
export function refuseChanges(importId: string, { lines }: Changes): never {
  throw new StateError(
    `import ${importId} cannot be resumed as it was:\n${lines.map((line) => `  ${line}`).join("\n")}`,
    {
      hint: "With --accept-changes it is resumed as things are now: what came from a changed source, or through a changed mapping, is sent again. Or start a new import.",
    },
  );
}

function describeWhole(before: Fingerprints, now: Fingerprints, lines: string[]): boolean {
  if (before.mapping !== now.mapping) lines.push("the mapping file has other content now");
  if (before.target !== now.target) lines.push(`the target is ${now.target} now; it was ${before.target}`);
  return lines.length > 0;
}

/** A source may have moved: its content decides. */
function describeSource(old: SourceFingerprint | undefined, now: SourceFingerprint | undefined): string | undefined {
  if (now === undefined) return `source ${old?.name} is not given any more`;
  if (old === undefined) return `source ${now.name} is new`;
  if (old.kind !== now.kind)
    return `source ${now.name} is of kind ${now.kind} now; it was ${old.name} of kind ${old.kind}`;
  const isSame = old.bytes === now.bytes && old.content === now.content;
  return isSame ? undefined : `source ${now.name} has other content now`;
}

function shown(value: unknown): string {
  return value === undefined ? "not given" : JSON.stringify(value);
}

/**
 * A stdin that is piped a second time, because its first reader stopped before its end: gives its bytes as they are, as long as they begin with those
 * that came the first time.
 *
 * @param before - path of the copy of what came the first time
 * @throws {SourceError} from the stream, where it differs or ends before
 */
export function pipedAgain(stdin: Readable, before: string): Readable {
  return Readable.from(compared(stdin, before, "stdin"));
}

async function* compared(bytes: AsyncIterable<Buffer>, before: string, name: string): AsyncGenerator<Buffer> {
  const copy = createReadStream(before);
  const expected = copy[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  let offset = 0;
  let isOver = false;
  try {
    for await (const block of bytes) {
      let at = 0;
      while (!isOver && at < block.length) {
        if (rest.length === 0) {
          const next = await expected.next();
          isOver = next.done === true;
          rest = isOver ? rest : next.value;
          continue;
        }
        const length = Math.min(rest.length, block.length - at);
        if (!rest.subarray(0, length).equals(block.subarray(at, at + length))) throw differs(name, offset + at);
        rest = rest.subarray(length);
        at += length;
      }
      offset += block.length;
      yield block;
    }
    if (!isOver && (rest.length > 0 || (await expected.next()).done !== true)) throw differs(name, offset);
  } finally {
    copy.destroy();
  }
}

function differs(name: string, offset: number): SourceError {
  return new SourceError(name, `is not what the import read before: it differs at or before byte ${offset}`, {
    hint: `${name === "stdin" ? "Pipe" : "Give"} the same data again, from its beginning, or start a new import.`,
    offset,
  });
}
