import { randomBytes } from "node:crypto";
import {
  type Action,
  type ActionRun,
  type ActionRunEnding,
  type Catalog,
  isObject,
  type RunLog,
  type Writer,
} from "./model.js";
import { invalidRequest, Refusal } from "./refusal.js";

/** What a run may report of itself. */
export interface RunChange {
  readonly status?: ActionRunEnding;
  readonly statusLabel?: string;
  readonly link?: string | readonly string[];
  readonly summary?: string;
  readonly externalRunId?: string;
}

/** Starts a run; it is in progress until somebody says that it ended. */
export function startRun(
  catalog: Catalog,
  action: Action,
  input: { readonly properties: object; readonly entity?: string },
  writer: Writer,
): ActionRun {
  const now = catalog.clock();
  const run: ActionRun = {
    id: `r_${randomBytes(12).toString("base64url").replaceAll(/[-_]/g, "0")}`,
    action,
    blueprint: action.trigger?.blueprintIdentifier ?? null,
    entity: input.entity ?? null,
    properties: input.properties,
    createdAt: now,
    createdBy: writer.by,
    logs: [],
    status: "IN_PROGRESS",
    updatedAt: now,
    endedAt: null,
    statusLabel: null,
    link: [],
    summary: null,
    externalRunId: null,
  };
  catalog.runs.set(run.id, run);
  return run;
}

/** Finds a run by its id or by that of the system that it runs on. */
export function findRun(catalog: Catalog, id: string): ActionRun | Refusal {
  const run = catalog.runs.get(id) ?? [...catalog.runs.values()].find((one) => one.externalRunId === id);
  return run ?? new Refusal(404, "not_found", `Action run with identifier "${id}" was not found`);
}

/** Changes what a run says of itself. One that has ended stays as it is: 422. */
export function changeRun(catalog: Catalog, run: ActionRun, change: RunChange): Refusal | undefined {
  if (run.status !== "IN_PROGRESS") return exhausted(run, 422);
  const now = catalog.clock();
  if (change.status !== undefined) Object.assign(run, { status: change.status, endedAt: now });
  if (change.statusLabel !== undefined) run.statusLabel = change.statusLabel;
  if (change.link !== undefined) run.link = typeof change.link === "string" ? [change.link] : change.link;
  if (change.summary !== undefined) run.summary = change.summary;
  if (change.externalRunId !== undefined) run.externalRunId = change.externalRunId;
  run.updatedAt = now;
  return undefined;
}

/** Adds a line to a run's log, which may end the run. */
export function addLog(
  catalog: Catalog,
  run: ActionRun,
  input: { readonly message: string; readonly terminationStatus?: ActionRunEnding; readonly statusLabel?: string },
  writer: Writer,
): RunLog | Refusal {
  if (run.status !== "IN_PROGRESS") return exhausted(run, 422);
  const id = `log_${randomBytes(8).toString("hex")}`;
  const log: RunLog = { id, message: input.message, at: catalog.clock(), by: writer.by };
  run.logs.push(log);
  const { terminationStatus: status, statusLabel } = input;
  changeRun(catalog, run, {
    ...(status === undefined ? {} : { status }),
    ...(statusLabel === undefined ? {} : { statusLabel }),
  });
  return log;
}

/** Says whether entities may be written in the name of a run. Once it has ended: 400 `run_exhausted`. */
export function runRefusal(catalog: Catalog, id: unknown): Refusal | undefined {
  if (typeof id !== "string") return invalidRequest(`"querystring/run_id" must be string`);
  const run = findRun(catalog, id);
  if (run instanceof Refusal) return catalog.readings.unknownRun === "reject" ? run : undefined;
  return run.status === "IN_PROGRESS" ? undefined : exhausted(run, 400);
}

function exhausted(run: ActionRun, status: 400 | 422): Refusal {
  return new Refusal(status, "run_exhausted", `The action run "${run.id}" has already finished execution`);
}

/** A run as replies show it. */
export function runReply(run: ActionRun): object {
  const { identifier, title = null, invocationMethod } = run.action;
  return {
    id: run.id,
    ...(run.blueprint === null ? {} : { blueprint: { identifier: run.blueprint } }),
    ...(run.entity === null ? {} : { entity: { identifier: run.entity } }),
    action: { identifier, title },
    ...(isObject(invocationMethod) ? { payload: invocationMethod } : {}),
    properties: run.properties,
    source: "API",
    requiredApproval: false,
    status: run.status,
    statusLabel: run.statusLabel,
    link: run.link,
    ...(run.summary === null ? {} : { summary: run.summary }),
    ...(run.externalRunId === null ? {} : { externalRunId: run.externalRunId }),
    createdBy: run.createdBy,
    createdAt: new Date(run.createdAt).toISOString(),
    updatedAt: new Date(run.updatedAt).toISOString(),
    ...(run.endedAt === null ? {} : { endedAt: new Date(run.endedAt).toISOString() }),
  };
}

/** A line of its log as replies show it. */
export function logReply(run: ActionRun, log: RunLog): object {
  const { id, message, by, at } = log;
  return { id, runId: run.id, message, createdBy: by, createdAt: new Date(at).toISOString() };
}
