import { stat } from "node:fs/promises";
import { realClock } from "../api/clock.js";
import { openDispatcher } from "../api/dispatcher.js";
import { publicRedisUrl } from "../api/redis-url.js";
import type { BoundSource } from "../read/bind.js";
import { isUrl } from "../read/source-name.js";
import type { Progress } from "../report/progress.js";
import { createKeySet } from "../settle/keys.js";
import { fingerprintText } from "../state/fingerprint.js";
import type { SourceFingerprint } from "../state/journal-lines.js";
import { openState } from "../state/state.js";
import { openAccounts } from "./accounts.js";
import type { ImportContext } from "./import.js";
import type { Run } from "./run.js";
import { makeStop } from "./stop.js";

/** Opens the import's folder and accounts. @throws {GuardError} while another import of the same mapping into the same catalog runs */
export async function openRun(
  parts: Omit<Run, "state" | "accounts" | "keys" | "stop" | "clock" | "stdin" | "fetch">,
  { apiUrl, stateDir }: { readonly apiUrl: string; readonly stateDir?: string },
  context: ImportContext,
): Promise<Run> {
  const { options, inventory } = parts;
  const state = await openState({
    stateDir: stateDir ?? options.stateDir ?? context.env?.PORTLOAD_STATE ?? ".portload",
    keep: options.keep,
    header: {
      command: parts.command,
      // The Redis of the pace is kept without its password.
      options: { ...options, ...(options.pace !== undefined && { pace: publicRedisUrl(options.pace) }), apiUrl },
      fingerprints: {
        mapping: fingerprintText(inventory.text),
        target: apiUrl,
        sources: await Promise.all(inventory.sources.map(fingerprintSource)),
      },
    },
  });
  const names: string[] = [];
  for (const { index, name } of inventory.sources) names[index] = name;
  const accounts = openAccounts(names, (rejects) => state.rejects.add(rejects));
  accounts.warn([...inventory.warnings, ...state.warnings]);
  return {
    ...parts,
    state,
    accounts,
    keys: createKeySet(),
    stop: makeStop(context.signal),
    clock: context.clock ?? realClock,
    fetch: fetchOf(context),
    ...(context.stdin && { stdin: context.stdin }),
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

async function fingerprintSource({ path, name, kind }: BoundSource): Promise<SourceFingerprint> {
  const found = isUrl(path) || path === "-" ? undefined : await stat(path);
  if (found?.isFile() !== true) return { name, kind };
  const { size, mtime } = found;
  return { name, kind, bytes: size, modifiedAt: mtime.toISOString() };
}
