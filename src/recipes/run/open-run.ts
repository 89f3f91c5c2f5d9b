import { stat } from "node:fs/promises";
import { publicRedisUrl } from "../../api/addresses.js";
import { realClock } from "../../api/clock.js";
import { openDispatcher } from "../../api/connection.js";
import type { BoundSource } from "../../read/bind.js";
import { isUrl } from "../../read/source-name.js";
import type { Progress } from "../../report/progress.js";
import { createKeySet } from "../../settle/keys.js";
import { fingerprintFile, fingerprintText } from "../../state/fingerprint.js";
import type { SourceFingerprint } from "../../state/journal-lines.js";
import { openState } from "../../state/state.js";
import { type Resumption, reopenRun } from "../go-on/reopen-run.js";
import type { Retried } from "../go-on/retried.js";
import { openAccounts } from "./accounts.js";
import { readAllowedRejects } from "./allow-rejects.js";
import type { ImportContext } from "./context.js";
import type { Run } from "./run.js";
import { makeStop } from "./stop.js";

/** What a command opens its folder with. */
export interface RunFolder {
  readonly apiUrl: string;
  /** Fingerprint of the mapping, where its text is not at hand. */
  readonly mapping?: string;
  /** Folder of import folders, in place of the options'. */
  readonly stateDir?: string;
  /** The import that goes on. */
  readonly resume?: Resumption;
  /** The import whose rejects this one takes up. */
  readonly retryOf?: Retried;
}

/**
 * Opens the import's folder and accounts.
 *
 * @throws {GuardError} while another import of the same mapping into the same catalog runs
 * @throws {StateError} when what an import was begun with has changed
 */
export async function openRun(
  parts: Omit<Run, "state" | "accounts" | "keys" | "refused" | "stop" | "clock" | "stdin" | "fetch">,
  { apiUrl, mapping, stateDir, resume, retryOf }: RunFolder,
  context: ImportContext,
): Promise<Run> {
  const { options, inventory, mode } = parts;
  const names: string[] = [];
  for (const { index, name } of inventory.sources) names[index] = name;
  const header = {
    command: parts.command,
    // The Redis of the pace is kept without its password.
    options: { ...options, mode, ...(options.pace !== undefined && { pace: publicRedisUrl(options.pace) }), apiUrl },
    fingerprints: {
      mapping: mapping ?? fingerprintText(inventory.text),
      target: apiUrl,
      sources: await fingerprintSources(inventory.sources),
    },
    ...(retryOf !== undefined && { retryOf: retryOf.importId }),
  };
  const refused = createKeySet();
  const allowed =
    options.allowRejects === undefined ? undefined : await readAllowedRejects(options.allowRejects, names);
  const accounts = openAccounts(names, async (rejects) => {
    for (const { blueprint, identifier, at } of rejects)
      if (blueprint !== undefined && identifier !== undefined) refused.add({ blueprint, identifier }, at, 0);
    allowed?.take(rejects);
    await state.rejects.add(rejects);
  });
  const opened = resume && (await reopenRun(resume, header, parts, accounts, context.stdin));
  const state =
    opened?.state ??
    (await openState({
      stateDir: stateDir ?? options.stateDir ?? context.env?.PORTLOAD_STATE ?? ".portload",
      keep: options.keep,
      header,
    }));
  const passedOver = (resume?.past.passedOver ?? []).concat(retryOf?.passedOver ?? []);
  const unclean = passedOver.map((text) => ({
    code: "state_unclean" as const,
    message: `passed over: ${text}`,
    count: 1,
  }));
  accounts.warn([...inventory.warnings, ...state.warnings, ...unclean]);
  const stdin = opened === undefined ? context.stdin : opened.stdin;
  return {
    ...parts,
    ...(opened && { inventory: opened.inventory, resumed: opened.state }),
    state,
    accounts,
    keys: createKeySet(),
    refused,
    ...(allowed && { allowed }),
    stop: makeStop(context.signal),
    clock: context.clock ?? realClock,
    fetch: fetchOf(context),
    ...(stdin && { stdin }),
    ...(retryOf && { retried: retryOf }),
  };
}

/** How addresses of sources are downloaded: through the environment's proxies, waits by the clock given. */
export function fetchOf({ env = {}, clock = realClock }: Pick<ImportContext, "env" | "clock">): Run["fetch"] {
  return { dispatcher: openDispatcher(env), sleep: (ms, signal) => clock.sleep(ms, signal) };
}

/** How far an import is, with the requests per second since it was last asked. */
export function watchProgress({ accounts, client }: Run): () => Progress {
  let last = { at: performance.now(), total: client.counts().total };
  return () => {
    const now = { at: performance.now(), total: client.counts().total };
    const seconds = Math.max(0.001, (now.at - last.at) / 1000);
    const requestsPerSecond = Math.round(((now.total - last.total) / seconds) * 10) / 10;
    last = now;
    const { records, entities } = accounts.counts;
    const quotaShare = client.quotaUse();
    return {
      read: records.read,
      written: entities.created + entities.updated,
      rejected: accounts.rejected,
      requestsPerSecond,
      ...(quotaShare !== undefined && { quotaShare }),
    };
  };
}

/** One for each source of the command line: those that were not taken have no more than their place. */
async function fingerprintSources(sources: readonly BoundSource[]): Promise<readonly SourceFingerprint[]> {
  const count = Math.max(0, ...sources.map(({ index }) => index + 1));
  const fingerprints = Array.from({ length: count }, (): SourceFingerprint => ({ name: "" }));
  for (const source of sources) fingerprints[source.index] = await fingerprintSource(source);
  return fingerprints;
}

async function fingerprintSource({ path, name, kind }: BoundSource): Promise<SourceFingerprint> {
  const found = isUrl(path) || path === "-" ? undefined : await stat(path);
  if (found?.isFile() !== true) return { name, kind };
  const { size, mtime } = found;
  return { name, kind, bytes: size, modifiedAt: mtime.toISOString(), content: await fingerprintFile(path) };
}
