import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { targetsOf } from "../entity.js";
import type { Mapping } from "../map/mapping.js";
import type { Outcome } from "../outcome.js";
import type { PlanPrune } from "../plan/guards.js";
import {
  isDependent,
  type PlanEnd,
  type PlanHeader,
  type PlanOp,
  type PlanSource,
  planFormat,
  withoutTargets,
} from "../plan/plan-file.js";
import type { BoundSource } from "../read/bind.js";
import type { Finding, RejectCode } from "../reject.js";
import { clearedBody, compileComparison } from "../settle/compare.js";
import { openAppendFile, readLines } from "../state/files.js";
import { placeName } from "../state/journal.js";
import type { JournalHeader } from "../state/journal-lines.js";
import { withoutSecrets } from "../state/state.js";
import { version } from "../version.js";
import { refuseKept, type Stale } from "./prune/find-stale.js";
import type { Ledger, LedgerHooks } from "./run/ledger.js";
import type { EntityDifference, OnDifference } from "./stages/compare.js";
import type { Target, WriteRules } from "./target/target.js";

/** Writes a plan: first its ops as they are found, then, with what was rejected on the way left out, the plan file. */
export interface PlanWriter extends Required<Pick<LedgerHooks, "onOutcomes">> {
  readonly onDifference: OnDifference;
  /** Adds what a prune would delete. @throws {GuardError} when that would take along what the plan writes */
  remove(stale: Stale, target: Target): Promise<void>;
  /** Writes the plan file. */
  finish(facts: PlanFacts, file: string): Promise<void>;
  /** Discards the ops; does nothing once the plan is finished. */
  close(): Promise<void>;
}

/** What a plan was made from. */
export interface PlanFacts {
  readonly header: Pick<JournalHeader, "fingerprints" | "startedAt">;
  readonly mapping: Pick<Mapping, "file">;
  /** What happens to relations whose target is missing, by resource. */
  readonly policies: PlanHeader["onMissingTarget"];
  readonly sources: readonly Pick<BoundSource, "name" | "path">[];
  readonly rules: WriteRules;
  readonly prune?: PlanPrune | undefined;
  readonly ledger: Pick<Ledger, "counts" | "rejected">;
}

/** Opens a plan's writer. @param folder - holds the ops until the plan is whole */
export async function openPlanWriter(folder: string): Promise<PlanWriter> {
  const path = join(folder, "ops.ndjson");
  const ops = await openAppendFile(path);
  /** What is not written as its op says, by the place of its entity: others of the same key may be. */
  const lacking = new Map<string, Outcome>();
  const append = (op: PlanOp, place = "") => ops.append(`${place}\t${JSON.stringify(op)}\n`);
  return {
    onDifference: (difference) => append(opOf(difference), placeName(difference.entity)),
    onOutcomes(outcomes) {
      for (const outcome of outcomes)
        if (outcome.omitted !== undefined || (outcome.is === "rejected" && outcome.reject.stage === "write"))
          lacking.set(placeName(outcome), outcome);
    },
    async remove({ byBlueprint, dependents }, target) {
      if (target.rules.deleteDependents && byBlueprint.size > 0)
        refuseKept(await relatingTo(path, byBlueprint, target.rules));
      const doomed = [
        ...dependents.map(({ blueprint, identifiers }) => ({ blueprint, identifiers, dependent: true as const })),
        ...[...byBlueprint].map(([blueprint, identifiers]) => ({ blueprint, identifiers })),
      ];
      for (const { blueprint, identifiers, ...more } of doomed) {
        for (let start = 0; start < identifiers.length; start += 1000) {
          const found = await target.lookUp(blueprint, identifiers.slice(start, start + 1000));
          for (const before of found.values()) await append({ op: "delete", blueprint, before, ...more });
        }
      }
    },
    close: () => ops.close(),
    async finish(facts, file) {
      await ops.close();
      const plan = await openAppendFile(file);
      await plan.append(`${JSON.stringify(await headerOf(facts))}\n`);
      const counts = { create: 0, update: 0, delete: 0 };
      for await (const lines of readLines(path)) {
        for (const line of lines) {
          // JSON escapes tabs, so the first one is ours.
          const [place = "", ...text] = line.split("\t");
          const op = settled(JSON.parse(text.join("\t")) as PlanOp, lacking.get(place), facts.rules);
          if (op === undefined) continue;
          if (!isDependent(op)) counts[op.op]++;
          await plan.append(`${JSON.stringify(op)}\n`);
        }
      }
      const { ledger } = facts;
      const { unchanged } = ledger.counts.entities;
      const end: PlanEnd = { line: "end", ...counts, unchanged, rejected: ledger.rejected };
      await plan.append(`${JSON.stringify(end)}\n`);
      await plan.close();
    },
  };
}

function opOf({ entity, changes }: EntityDifference): PlanOp {
  const { key, body, before, clears, resource } = entity;
  if ((before === undefined || before === null) && typeof body.identifier === "string")
    return { op: "create", blueprint: key.blueprint, resource, entity: body };
  return {
    op: "update",
    blueprint: key.blueprint,
    resource,
    entity: body,
    ...(clears !== undefined && { clears }),
    ...(before !== undefined && before !== null && { before }),
    changes,
  };
}

/** An op as it will be written, where its outcome differs from what the op expects; undefined where nothing will be written. */
function settled(op: PlanOp, outcome: Outcome | undefined, rules: WriteRules): PlanOp | undefined {
  if (op.op === "delete" || outcome === undefined) return op;
  const reject = outcome.is === "rejected" ? outcome.reject : undefined;
  const missing = [...(reject === undefined ? [] : [reject, ...(reject.also ?? [])]), ...(outcome.omitted ?? [])];
  const blueprint = rules.blueprints.get(op.blueprint);
  const cannotLack = ({ code, path }: Finding): boolean => {
    const relation = path?.replace(/^relations\./, "") ?? "";
    return (
      !isMissingTarget(code) ||
      blueprint?.relations?.[relation]?.required === true ||
      rules.onMissingTarget(op, relation) === "reject"
    );
  };
  if (missing.some(cannotLack)) return undefined;
  const body = withoutTargets(op.entity, missing);
  // What the mapping lets be omitted is looked for once more when the plan is applied; what is rejected is not.
  const rejected = reject && { message: reject.message, ...(reject.path !== undefined && { path: reject.path }) };
  const written = rejected === undefined ? op : { ...op, entity: body, rejected };
  if (written.op === "create" || written.before === undefined) return written;
  // Without them it is merged, so that what it does not bring stays as it is.
  const bare = { head: [], properties: [], relations: [] };
  const after = clearedBody({ body, clears: written.clears });
  const changes = blueprint && compileComparison(blueprint, "merge", bare).changes(after, { ...written.before });
  return changes === undefined || changes.length === 0 ? undefined : { ...written, changes };
}

function isMissingTarget(code: RejectCode): boolean {
  return code === "relation_target_missing" || code === "relation_target_rejected";
}

/** Entities of ops that relate to some of the given ones. */
async function relatingTo(
  path: string,
  given: Stale["byBlueprint"],
  { blueprints }: Pick<WriteRules, "blueprints">,
): Promise<readonly string[]> {
  const names = new Map([...given].map(([blueprint, identifiers]) => [blueprint, new Set(identifiers)]));
  const relating: string[] = [];
  for await (const lines of readLines(path))
    for (const line of lines) {
      const op = JSON.parse(line.slice(line.indexOf("\t") + 1)) as PlanOp;
      if (op.op === "delete") continue;
      const relations = blueprints.get(op.blueprint)?.relations ?? {};
      const isRelating = Object.entries(op.entity.relations).some(([key, value]) =>
        targetsOf(value).some((name) => names.get(relations[key]?.target ?? "")?.has(name)),
      );
      if (isRelating) relating.push(`${op.blueprint}/${String(op.entity.identifier)}`);
    }
  return relating;
}

async function headerOf({ header, mapping, policies, prune, sources, rules }: PlanFacts): Promise<PlanHeader> {
  const { fingerprints, startedAt } = header;
  const { createMissing, deleteDependents, mode } = rules;
  return {
    line: "plan",
    format: planFormat,
    madeBy: `portload ${version}`,
    madeAt: startedAt,
    target: fingerprints.target,
    mode: mode === "override" ? "override" : "merge",
    createMissing,
    deleteDependents,
    mapping: { file: mapping.file, sha256: fingerprints.mapping },
    onMissingTarget: policies,
    ...(prune && { prune }),
    sources: await Promise.all(sources.map(({ path, name }) => planSource(path, name))),
  };
}

async function planSource(path: string, name: string): Promise<PlanSource> {
  const sha256 = await fileHash(path);
  return { name: withoutSecrets(name), ...(sha256 !== undefined && { path: resolve(path), sha256 }) };
}

/** The SHA-256 of a local file's content; undefined for anything else and for a file that is gone. */
export async function fileHash(path: string): Promise<string | undefined> {
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) return undefined;
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest("hex");
}
