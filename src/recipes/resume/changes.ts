import { StateError } from "../../errors.js";
import type { Fingerprints, JournalHeader, SourceFingerprint } from "../../state/journal-lines.js";

/** What is different between an import that stopped and the one that resumes it. */
export interface Changes {
  /** In words, one for each thing that changed. */
  readonly lines: readonly string[];
  /** True for a source of which nothing counts as settled any more: what was sent may be another thing by now. */
  readonly voided: (source: number) => boolean;
}

/** Options that decide what is sent; all others may differ. */
const deciding = ["mode", "only", "limit", "blueprints", "runId"] as const;

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
