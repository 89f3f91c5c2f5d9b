import type { Entity } from "../../src/entity.js";
import type { Deferred } from "../../src/outcome.js";
import { type Ledger, type LedgerHooks, openLedger } from "../../src/recipes/run/ledger.js";
import type { Target, WriteRules } from "../../src/recipes/target/target.js";
import type { Reject } from "../../src/reject.js";
import type { JournalLine } from "../../src/state/journal-lines.js";
import type { Spool } from "../../src/state/spool.js";

/** A spool in memory. */
export function memorySpool<T>(): Spool<T> {
  const held = new Map<number, T[]>();
  return {
    async append(source, items) {
      if (items.length > 0) held.set(source, [...(held.get(source) ?? []), ...items]);
    },
    sources: () => [...held.keys()].sort((a, b) => a - b),
    async *drain(source) {
      const items = held.get(source);
      if (items !== undefined) yield items;
    },
    close: async () => undefined,
  };
}

/** Spools by number. */
export function memorySpools<T>(): (number: number) => Spool<T> {
  const spools: Spool<T>[] = [];
  return (number) => (spools[number] ??= memorySpool<T>());
}

/** A ledger that keeps in memory what a real one writes to disk. */
export function memoryLedger(...hooks: LedgerHooks[]) {
  const lines: JournalLine[] = [];
  const reasons: Reject[] = [];
  const noted: Entity["at"][] = [];
  const ledger: Ledger = openLedger(
    ["nodes.csv"],
    {
      journal: { append: async (line) => void lines.push(line) },
      rejects: { add: async (rejects) => void reasons.push(...rejects), note: (at) => void noted.push(at) },
      deferred: memorySpools<Deferred>(),
    },
    hooks,
  );
  return { ledger, lines, reasons, noted };
}

/** A target that holds nothing and creates all that it is sent, except for what is given. */
export function targetOf({ rules, ...calls }: Partial<Omit<Target, "rules">> & { rules?: Partial<WriteRules> } = {}) {
  const sent: string[][] = [];
  const target: Target = {
    rules: {
      blueprints: new Map(),
      mode: "merge",
      updateOnly: false,
      createMissing: false,
      deleteDependents: false,
      onMissingTarget: () => undefined,
      makesTargets: false,
      isWritten: () => true,
      deferrable: () => [],
      awaited: () => [],
      fieldsOf: () => ({ head: [], properties: [], relations: [] }),
      ...rules,
    },
    isForecast: false,
    foresee: async () => undefined,
    existing: async () => new Set(),
    lookUp: async () => new Map(),
    search: async () => ({ entities: [] }),
    async *pages() {},
    count: async () => 0,
    listBlueprints: async () => [],
    serverNow: () => undefined,
    async upsert(_blueprint, items) {
      sent.push([...items]);
      return { is: "done", status: 200, body: items.map(() => ({ is: "created" })) };
    },
    clear: async () => ({ is: "done", status: 200, body: {} }),
    delete: async (_, identifiers) => ({ is: "done", status: 200, body: { deletedEntities: identifiers } }),
    ...calls,
  };
  return { target, sent };
}
