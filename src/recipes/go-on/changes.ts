import { StateError } from "../../errors.js";
import type { Fingerprints, JournalHeader, SourceFingerprint } from "../../state/journal-lines.js";

/** What is different between an import that stopped and the one that is to go on. */
export interface Changes {
  /** In words, one for each thing that changed. */
  readonly told: readonly string[];
  /** True for a source of which nothing counts as settled any more: what was sent may be another thing by now. */
  readonly voided: (source: number) => boolean;
}

/** Options that decide what is sent; all others may differ. */
const deciding = ["mode", "only", "limit", "blueprints", "runId"] as const;

/**
 * Compares an import that stopped with the one that is to go on. Pure.
 *
 * Where mapping or target changed, nothing counts as settled; where a source changed, nothing of that source. Changed options hold for what is left.
 */
export function findChanges(
  before: Pick<JournalHeader, "options" | "fingerprints">,
  now: Pick<JournalHeader, "options" | "fingerprints">,
): Changes {
  const told: string[] = [];
  const allVoid = describeWhole(before.fingerprints, now.fingerprints, told);
  const voided = new Set<number>();
  const sources = Math.max(before.fingerprints.sources.length, now.fingerprints.sources.length);
  for (let index = 0; index < sources; index++) {
    const [old, current] = [before.fingerprints.sources[index], now.fingerprints.sources[index]];
    const what = describeSource(old, current);
    if (what === undefined) continue;
    voided.add(index);
    told.push(what);
  }
  for (const name of deciding) {
    const [old, current] = [before.options[name], now.options[name]];
    if (JSON.stringify(old) !== JSON.stringify(current))
      told.push(`option ${name} is ${shown(current)} now; it was ${shown(old)}`);
  }
  return { told, voided: (source) => allVoid || voided.has(source) };
}

/** Refuses to go on with what changed. @throws {StateError} naming every change */
export function refuseChanges(importId: string, { told }: Changes): never {
  throw new StateError(`import ${importId} cannot go on as it was:\n${told.map((line) => `  ${line}`).join("\n")}`, {
    hint: "With --accept-changes it goes on as things are now: what came from a changed source, or through a changed mapping, is sent again. Or start a new import.",
  });
}

function describeWhole(before: Fingerprints, now: Fingerprints, told: string[]): boolean {
  if (before.mapping !== now.mapping) told.push("the mapping file has other content now");
  if (before.target !== now.target) told.push(`the target is ${now.target} now; it was ${before.target}`);
  return told.length > 0;
}

/** A source may have moved: its content tells. */
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
