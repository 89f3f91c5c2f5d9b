import { type Client, type ClientOptions, createClient } from "../../api/client.js";
import { headerNumber, isBlueprintBody, isTokenBody, type ReplyHeaders } from "../../api/reply-parts.js";
import type { DoctorOptions } from "../../options/catalog.js";
import type { Credentials } from "../../secrets.js";
import { clientOptionsOf } from "../run/client-options.js";
import { type Check, checkNetwork, checkPermissions, checksOf } from "./checks.js";
import { checkContact, openLab, resetUnit } from "./lab.js";
import { probes } from "./probes.js";

/** How this organisation answers a question that no source answers. */
export interface Reading {
  /** The number that the reading is printed with. */
  readonly row: number;
  readonly point: string;
  /** As text; absent where the blueprint could not show it. */
  readonly told?: string;
  /** How the emulator answers by default; absent where no answer is likelier. */
  readonly likely?: string;
}

/**
 * Sends `validation_only` requests to a blueprint and reports how the API answers them. After the first the entity is searched for: had it been written, no
 * further one would be sent.
 */
async function probeReadings(
  client: Client,
  name: string,
  credentials: Credentials,
): Promise<{ readonly checks: readonly Check[]; readonly readings: readonly Reading[] }> {
  const { ok, fault } = checksOf("probe");
  const path = `/blueprints/${encodeURIComponent(name)}`;
  const found = await client.ask({ method: "GET", path, route: "blueprints" });
  const blueprint = isBlueprintBody(found.body) ? found.body.blueprint : undefined;
  if (found.status >= 300 || blueprint === undefined)
    return { checks: [fault(`blueprint ${name} cannot be read (status ${found.status})`)], readings: [] };
  const lab = await openLab(client, blueprint);
  const specimen = lab.specimen();
  const answered = await lab.validate([specimen]);
  if (answered.status === 403)
    return {
      checks: [fault(`${name} may not be written: ${answered.words[0]}`, "Ask for the permission.")],
      readings: [],
    };
  if ((await client.existing(name, [specimen.identifier])).size > 0) {
    const message = `the API wrote ${name}/${specimen.identifier} although it was asked to validate only; nothing more was sent`;
    return {
      checks: [fault(message, `Delete it: portload entity delete ${name} ${specimen.identifier}.`)],
      readings: [],
    };
  }
  const readings: Reading[] = [await readToken(client, credentials)];
  for (const { ask, ...probe } of probes) readings.push(readingOf(probe, await ask(lab)));
  readings.push(await readRefusal(client), readUnit(found.headers), readBody(answered.body));
  const checks = [
    answered.words[0] === "accepted"
      ? ok(`${name} may be written; ${lab.client.counts().byRoute.bulk} requests were validated, none written`)
      : checksOf("probe").warning(
          `a plain entity of ${name} is not accepted: ${answered.words[0]}`,
          "Readings that need one that is accepted may be wrong.",
        ),
  ];
  return { checks, readings: readings.sort((a, b) => a.row - b.row) };
}

function readingOf(probe: Omit<Reading, "told">, answer: string | undefined): Reading {
  return { ...probe, ...(answer !== undefined && { told: answer }) };
}

async function readToken(client: Client, credentials: Credentials): Promise<Reading> {
  const probe = { row: 24, point: "`expiresIn` of a token that is handed out again", likely: "the time left" };
  const ask = async () => {
    const body = JSON.stringify(credentials);
    const request = { method: "POST", path: "/auth/access_token", route: "token", body } as const;
    const reply = await client.ask({ ...request, authorized: false });
    return { reply, token: isTokenBody(reply.body) ? reply.body : undefined };
  };
  const one = await ask();
  await client.wait(1500);
  const two = await ask();
  if (one.token === undefined || two.token === undefined) return probe;
  if (one.token.accessToken !== two.token.accessToken) return readingOf(probe, "another token each time");
  return readingOf(probe, two.token.expiresIn < one.token.expiresIn ? "the time left" : "its whole life");
}

async function readRefusal(client: Client): Promise<Reading> {
  const probe = { row: 21, point: "a request without a token", likely: "401 unauthorized" };
  const reply = await client.ask({
    method: "GET",
    path: "/blueprints",

    route: "other",
    authorized: false,
  });
  return readingOf(
    probe,
    `${reply.status} ${(reply.body as { error?: unknown } | undefined)?.error ?? "without a code"}`,
  );
}

function readUnit(headers: ReplyHeaders): Reading {
  const reset = headerNumber(headers, "x-ratelimit-reset");
  const probe = { row: 23, point: "unit of `x-ratelimit-reset`" };
  return readingOf(probe, reset === undefined ? undefined : resetUnit(reset));
}

function readBody(body: unknown): Reading {
  const keys = typeof body === "object" && body !== null ? Object.keys(body).sort().join(", ") : "no object";
  return { row: 25, point: "keys of the reply to a bulk request that is only validated", told: keys };
}

/** What the doctor found. */
export interface DoctorReport {
  readonly apiUrl: string;
  /** False when an import cannot work: there is a fault. */
  readonly healthy: boolean;
  readonly checks: readonly Check[];
  /** How this organisation answers where no source states Port's behaviour; absent without a probe. */
  readonly readings?: readonly Reading[];
}

/**
 * Checks all that a first import depends on, by requests that change nothing.
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
    const contact = await checkContact(client, clientOptions);
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
