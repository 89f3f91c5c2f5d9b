import type { Place } from "../record.js";
import { type Finding, type RejectCode, shownValue } from "../reject.js";
import { maskSecrets } from "../secrets.js";
import type { Warning, WarningCode } from "../warning.js";
import type { Notes } from "./bind.js";
import type { CompiledMapping } from "./compile-mapping.js";
import { variablesIn } from "./tokens.js";

/** What happens to leaves while a chunk is mapped: findings of the current candidate, warnings of the chunk. */
export interface ChunkNotes extends Notes {
  /** Begins a candidate. */
  begin(at: Place, blueprint: string | undefined): void;
  /** Failed expressions of the candidate, where the mapping says `onError: reject`. */
  readonly findings: Finding[];
  /** Why a leaf failed for the candidate; undefined when it did not. */
  failureOf(leaf: number): string | undefined;
  /** A finding about a leaf, its value shortened. */
  finding(code: RejectCode, leaf: number, message: string, value?: unknown): Finding;
  /** One warning for each leaf and code, with its count and first place. */
  warnings(): Warning[];
}

/** Begins the notes of a chunk. */
export function startNotes({ mapping, leaves }: CompiledMapping): ChunkNotes {
  const counted = new Map<string, { warning: Warning; count: number }>();
  const findings: Finding[] = [];
  const failures = new Map<number, string>();
  let place: Place | undefined;
  let owner: string | undefined;
  const pathOf = (leaf: number): string => leaves[leaf]?.path ?? "";
  const count = (code: WarningCode, leaf: number, message: string): void => {
    const key = `${code} ${leaf}`;
    const known = counted.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const blueprint = owner === undefined ? {} : { blueprint: owner };
    const first = place === undefined ? {} : { first: place };
    counted.set(key, { warning: { code, message, path: pathOf(leaf), ...blueprint, count: 1, ...first }, count: 1 });
  };
  const finding: ChunkNotes["finding"] = (code, leaf, message, value) => ({
    code,
    message,
    path: pathOf(leaf),
    ...(value === undefined ? {} : { value: quotedValue(value) }),
  });
  return {
    findings,
    finding,
    begin(at, blueprint) {
      place = at;
      owner = blueprint;
      findings.length = 0;
      if (failures.size > 0) failures.clear();
    },
    failureOf: (leaf) => failures.get(leaf),
    failed(leaf, reason) {
      // jq shares cells between like expressions, and a leaf may be read twice.
      if (failures.has(leaf)) return;
      // jq repeats the value it failed on, or the beginning of it.
      const [variable] = variablesIn(leaves[leaf]?.expression ?? "");
      const why = variable === undefined ? maskSecrets(reason) : `what jq says may hold the value of env.${variable}`;
      const message = `the expression failed: ${why}`;
      failures.set(leaf, message);
      if (mapping.onError === "reject") findings.push(finding("expression_error", leaf, message));
      else count("expression_error", leaf, message);
    },
    long: (leaf) => count("long_integer", leaf, "an integer beyond 2^53 was kept as text"),
    warnings: () => [...counted.values()].map(({ warning, count: times }) => ({ ...warning, count: times })),
  };
}

/** As JSON, so that the text "true" and the word true look different. */
function quotedValue(value: unknown): string {
  const shown = shownValue(value) ?? "";
  return typeof value === "string" ? `"${shown}"` : shown;
}
