import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  isVictim,
  type PlanEnd,
  type PlanHeader,
  type PlanOp,
  type PlanSource,
  planFormat,
} from "../../plan/plan-file.js";
import { withoutTargets } from "../../plan/without-targets.js";
import type { Reject } from "../../reject.js";
import { openAppendFile, readLines } from "../../state/files.js";
import { withoutSecrets } from "../../state/fingerprint.js";
import { version } from "../../version.js";
import type { Stale } from "../prune/prune.js";
import type { Run } from "../run/run.js";
import type { Difference } from "../sync/compare-catalog.js";

/** Writes a plan: first its ops as they are found, then, with what was rejected on the way left out, the plan file. */
export interface PlanWriter {
  add(difference: Difference): Promise<void>;
  reject(reject: Reject): void;
  /** Adds what a prune would delete. */
  remove(run: Run, stale: Stale): Promise<void>;
  /** Writes the plan file. */
  finish(run: Run, file: string): Promise<void>;
  /** Lets go of the ops; does nothing once the plan is finished. */
  close(): Promise<void>;
}

/** Opens a plan's writer. @param folder - holds the ops until the plan is whole */
export async function openPlanWriter(folder: string): Promise<PlanWriter> {
  const path = join(folder, "ops.ndjson");
  const ops = await openAppendFile(path);
  const rejects = new Map<string, Reject>();
  const append = (op: PlanOp) => ops.append(`${JSON.stringify(op)}\n`);
  return {
    add: (difference) => append(opOf(difference)),
    reject(reject) {
      rejects.set(`${reject.blueprint}\0${reject.identifier}`, reject);
    },
    async remove({ client }, { byBlueprint, victims }) {
      const doomed = [
        ...victims.map(({ blueprint, identifiers }) => ({ blueprint, identifiers, victim: true as const })),
        ...[...byBlueprint].map(([blueprint, identifiers]) => ({ blueprint, identifiers })),
      ];
      for (const { blueprint, identifiers, ...more } of doomed) {
        for (let start = 0; start < identifiers.length; start += 1000) {
          const found = await client.lookUp(blueprint, identifiers.slice(start, start + 1000));
          for (const before of found.values()) await append({ op: "delete", blueprint, before, ...more });
        }
      }
    },
    close: () => ops.close(),
    async finish(run, file) {
      await ops.close();
      const plan = await openAppendFile(file);
      await plan.append(`${JSON.stringify(await headerOf(run))}\n`);
      const counts = { create: 0, update: 0, delete: 0 };
      for await (const lines of readLines(path)) {
        for (const line of lines) {
          const op = settled(JSON.parse(line) as PlanOp, rejects, run);
          if (op === undefined) continue;
          if (!isVictim(op)) counts[op.op]++;
          await plan.append(`${JSON.stringify(op)}\n`);
        }
      }
      const { unchanged } = run.accounts.counts.entities;
      const end: PlanEnd = { line: "end", ...counts, unchanged, rejected: run.accounts.rejected };
      await plan.append(`${JSON.stringify(end)}\n`);
      await plan.close();
    },
  };
}

function opOf({ entity, before, changes }: Difference): PlanOp {
  const { key, body, clears, resource } = entity;
  if (before === undefined && typeof body.identifier === "string")
    return { op: "create", blueprint: key.blueprint, resource, entity: body };
  return {
    op: "update",
    blueprint: key.blueprint,
    resource,
    entity: body,
    ...(clears !== undefined && { clears }),
    ...(before !== undefined && { before }),
    changes,
  };
}

/** An op as it will come out; undefined for one that will not be written. */
function settled(op: PlanOp, rejects: ReadonlyMap<string, Reject>, run: Run): PlanOp | undefined {
  if (op.op === "delete") return op;
  const { identifier } = op.entity;
  const name = typeof identifier === "string" ? identifier : JSON.stringify(identifier);
  const reject = rejects.get(`${op.blueprint}\0${name}`);
  if (reject === undefined) return op;
  if (reject.code !== "relation_target_missing" && reject.code !== "relation_target_rejected") return undefined;
  const cannotLack = (relation: string): boolean =>
    run.catalog.get(op.blueprint)?.relations?.[relation]?.required === true ||
    run.inventory.mapping.resources[op.resource]?.onMissingTarget[relation] === "reject";
  return withoutTargets(op, [reject, ...(reject.also ?? [])], cannotLack, run.mode);
}

async function headerOf({ state, inventory, mode, createMissing }: Run): Promise<PlanHeader> {
  const { fingerprints, startedAt } = state.header;
  return {
    line: "plan",
    format: planFormat,
    madeBy: `portload ${version}`,
    madeAt: startedAt,
    target: fingerprints.target,
    mode: mode === "override" ? "override" : "merge",
    createMissing,
    deleteDependents: inventory.mapping.deleteDependentEntities,
    mapping: { file: inventory.mapping.file, sha256: fingerprints.mapping },
    onMissingTarget: inventory.mapping.resources.map(({ onMissingTarget }) => onMissingTarget),
    sources: await Promise.all(inventory.sources.map(({ path, name }) => planSource(path, name))),
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
