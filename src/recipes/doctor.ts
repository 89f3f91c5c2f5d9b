import { type ClientOptions, createClient } from "../api/client.js";
import type { DoctorOptions } from "../options/catalog.js";
import { type Check, checkNetwork, checkPermissions } from "./doctor/checks.js";
import { checkContact } from "./doctor/contact.js";
import { probeReadings, type Reading } from "./doctor/probe.js";
import { clientOptionsOf } from "./run/client-options.js";

/** What the doctor found. */
export interface DoctorReport {
  readonly apiUrl: string;
  /** False when an import cannot work: there is a fault. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
  /** How this organisation answers where no source pins Port's behaviour down; absent without a probe. */
  readonly readings?: readonly Reading[];
}

/**
 * Looks at all that a first import depends on, by requests that change nothing.
 *
 * @throws {UsageError} for an address that cannot be one
 * @throws {CredentialsError} when the environment has none
 * @throws {MappingError} for a mapping that cannot be read
 */
export async function runDoctor(
  options: DoctorOptions,
  context: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly signal?: AbortSignal;
    readonly client?: Partial<ClientOptions>;
  },
): Promise<DoctorReport> {
  const { env, signal } = context;
  const clientOptions = clientOptionsOf(options.apiUrl === undefined ? {} : { apiUrl: options.apiUrl }, env);
  const { apiUrl, credentials } = clientOptions;
  const checks: Check[] = [...(await checkNetwork(apiUrl, options.apiUrl !== undefined, env))];
  const client = createClient({ ...clientOptions, ...context.client, ...(signal && { signal }) });
  let readings: readonly Reading[] | undefined;
  try {
    const contact = await checkContact(client, credentials);
    checks.push(...contact.checks);
    if (contact.usable && options.mapping !== undefined)
      checks.push(...(await checkPermissions(client, options.mapping)));
    if (contact.usable && options.probe !== undefined) {
      const probed = await probeReadings(client, options.probe, credentials);
      checks.push(...probed.checks);
      readings = probed.readings;
    }
  } finally {
    await client.close();
  }
  return { apiUrl, healthy: checks.every(({ is }) => is !== "fault"), checks, ...(readings && { readings }) };
}
