import type { AddressInfo } from "node:net";
import type { Blueprint } from "../blueprint.js";
import type { Credentials } from "../secrets.js";
import type { FaultScript, Readings } from "./emulator-options.js";
import { entityBodies, sharedAjv } from "./entity-schema.js";
import { playFaults } from "./faults.js";
import { createLimiter, type FamilyStats, type LimitFamily, portPeriodMs } from "./limits.js";
import type { Catalog, Shelf, StoredBlueprint, StoredEntity } from "./model.js";
import { watchRefusals } from "./page/html.js";
import { pageRoutes } from "./page/page.js";
import { withLikeliest } from "./readings.js";
import { actionRoutes, claimRoutes } from "./routes/actions.js";
import { aggregateRoutes } from "./routes/aggregates.js";
import { blueprintRoutes, pageDocumentRoutes, protectSystemBlueprints } from "./routes/blueprints.js";
import { bulkRoutes } from "./routes/bulk.js";
import { deleteAllRoutes, entityRoutes } from "./routes/entities.js";
import { datasourceRoutes, integrationRoutes } from "./routes/integrations.js";
import { auditLogRoute, createAuditLog, organizationRoutes, tokenRoute } from "./routes/organization.js";
import { peopleRoutes } from "./routes/people.js";
import { scorecardRoutes } from "./routes/scorecards.js";
import { searchRoutes } from "./routes/search.js";
import { createServer } from "./server.js";
import { readSnapshot, writeSnapshot } from "./snapshot.js";
import { seedBlueprints } from "./system-blueprints.js";
import { activeAccount, createTokens } from "./tokens.js";

// What `portload/emulator` gives beside this file's own: a catalog for other people's tests of what they send to Port. docs/library.md explains its use.
export type { Blueprint, Property, Relation } from "../blueprint.js";
export type { Credentials } from "../secrets.js";
export type { FaultRule, FaultScript, Readings } from "./emulator-options.js";
export type { FamilyStats, LimitFamily } from "./limits.js";
export type { StoredBlueprint, StoredEntity, Targets } from "./model.js";

/** How an emulator is started. */
export interface EmulatorOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default `127.0.0.1`. On a loopback address, requests must name a loopback host. */
  readonly host?: string;
  /** Blueprints that are there from the start; they may relate to each other in any order. */
  readonly blueprints?: readonly Blueprint[];
  /** Default `portload` and `portload`; others are refused. */
  readonly credentials?: Credentials;
  /** Port's limits (default), none, or a number that multiplies steady limits and bursts. */
  readonly limits?: "port" | "off" | number;
  /** Length of a limit's window in milliseconds, default 300,000; limits and bursts follow in proportion. */
  readonly limitPeriodMs?: number;
  /** Milliseconds that every answer waits, default 0. */
  readonly latencyMs?: number;
  /** Milliseconds since 1970, default `Date.now`; limits, tokens and dates of entities follow it, latency does not. */
  readonly clock?: () => number;
  /** Life of a token in milliseconds, default three hours. */
  readonly tokenTtlMs?: number;
  /** Other readings of what no source pins down than the likeliest. */
  readonly readings?: Partial<Readings>;
  /** File that holds the catalog between runs: read at the start when it is there, written by `close`. NDJSON, packed when its name ends in `.gz`. Its blueprints win over `blueprints`. */
  readonly snapshot?: string;
  /** Scripted trouble; none by default. */
  readonly faults?: FaultScript;
}

/** What the emulator counted since its start. */
export interface EmulatorStats {
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly elapsedMs: number;
  readonly families: Readonly<Record<LimitFamily, FamilyStats>>;
}

/** A running emulator. */
export interface Emulator {
  /** `http://HOST:PORT/v1`. */
  readonly url: string;
  /** `PORT_API_URL`, `PORT_CLIENT_ID` and `PORT_CLIENT_SECRET`, as what is tested takes them from its environment. */
  readonly env: Readonly<Record<"PORT_API_URL" | "PORT_CLIENT_ID" | "PORT_CLIENT_SECRET", string>>;
  /** `http://HOST:PORT/`, the catalog page. */
  readonly pageUrl: string;
  readonly store: Store;
  /** The same as `GET /__emulator/stats`. */
  readonly stats: () => EmulatorStats;
  /** Ends the token in force, as if its life were over. */
  readonly revokeToken: () => void;
  /** Ends all connections, frees the port and writes the snapshot, if there is to be one. */
  readonly close: () => Promise<void>;
}

/**
 * Starts a local server that speaks Port's API and keeps its catalog in memory.
 *
 * @throws {BlueprintError} for a blueprint that the API would refuse
 * @throws {EnvironmentError} for a snapshot that cannot be read
 * @throws {Error} with code `EADDRINUSE` when the port is taken
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { port = 0, host = "127.0.0.1", clock = Date.now, tokenTtlMs = 10_800_000, latencyMs = 0 } = options;
  const credentials = options.credentials ?? { clientId: "portload", clientSecret: "portload" };
  const readings = withLikeliest(options.readings);
  const ajv = sharedAjv(readings.formats);
  const catalog: Catalog = {
    shelves: new Map(),
    migrations: new Map(),
    actions: new Map(),
    runs: new Map(),
    documents: {
      integration: new Map(),
      scorecard: new Map(),
      page: new Map(),
      folder: new Map(),
      permissions: new Map(),
      cursor: new Map(),
    },
    organization: { name: "portload emulator" },
    serviceAccounts: new Map(),
    audits: createAuditLog(),
    readings,
    ajv,
    clock,
    clientId: credentials.clientId,
    nextId: 1,
  };
  seedBlueprints(catalog, options.blueprints ?? []);
  const { snapshot } = options;
  if (snapshot !== undefined) await readSnapshot(catalog, snapshot);
  const startedAt = clock();
  const limiter = createLimiter({
    limits: options.limits ?? "port",
    periodMs: options.limitPeriodMs ?? portPeriodMs,
    clock,
  });
  const tokens = createTokens(credentials, tokenTtlMs, clock, (clientId) => activeAccount(catalog, clientId));
  const server = createServer({
    tokens,
    limiter,
    readings,
    clock,
    latencyMs,
    host,
    ...(options.faults && { faults: playFaults(options.faults) }),
  });
  const refusals = watchRefusals(server, clock);
  const parts = { server, catalog, clientId: credentials.clientId };
  const bodies = entityBodies(readings);
  const stats = (): EmulatorStats => ({ startedAt, elapsedMs: clock() - startedAt, families: limiter.stats() });
  tokenRoute(parts, tokens, tokenTtlMs);
  protectSystemBlueprints(server, catalog);
  blueprintRoutes(parts);
  entityRoutes(parts, bodies);
  bulkRoutes(parts, bodies);
  deleteAllRoutes(parts);
  searchRoutes(parts);
  actionRoutes(parts);
  claimRoutes(parts);
  datasourceRoutes(parts);
  auditLogRoute(parts);
  organizationRoutes(parts);
  peopleRoutes(parts);
  scorecardRoutes(parts);
  integrationRoutes(parts);
  pageDocumentRoutes(parts);
  aggregateRoutes(parts);
  server.get("/__emulator/stats", (_request, reply) => reply.send({ ok: true, ...stats() }));
  pageRoutes({ server, catalog, refusals, families: () => limiter.stats() });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await server.close();
    if (snapshot !== undefined) await writeSnapshot(catalog, snapshot);
  };
  await server.listen({ port, host });
  const address = server.server.address() as AddressInfo;
  const authority = address.family === "IPv6" ? `[${address.address}]` : host;
  const url = `http://${authority}:${address.port}/v1`;
  return {
    url,
    env: { PORT_API_URL: url, PORT_CLIENT_ID: credentials.clientId, PORT_CLIENT_SECRET: credentials.clientSecret },
    pageUrl: `http://${authority}:${address.port}/`,
    store: viewStore(catalog),
    stats,
    revokeToken: tokens.revoke,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

/** What tests and the demo may see of the emulator's catalog; nothing here changes it. */
export interface Store {
  /** All blueprints, those of the system (`_team`, `_user`) included, in order of creation. */
  readonly blueprints: () => readonly StoredBlueprint[];
  /** All entities of a blueprint in order of creation; none when there is no such blueprint. */
  readonly entities: (blueprint: string) => readonly Readonly<StoredEntity>[];
  readonly entity: (blueprint: string, identifier: string) => Readonly<StoredEntity> | undefined;
  readonly count: (blueprint: string) => number;
  /** How often an entity was written, its creation included; 0 when there is none. */
  readonly writes: (blueprint: string, identifier: string) => number;
}

/** Makes the view of a catalog. */
function viewStore(catalog: Catalog): Store {
  const shelf = (blueprint: string): Shelf | undefined => catalog.shelves.get(blueprint);
  return {
    blueprints: () => [...catalog.shelves.values()].map((one) => one.blueprint),
    entities: (blueprint) => shelf(blueprint)?.order.filter((entity) => !entity.deleted) ?? [],
    entity: (blueprint, identifier) => shelf(blueprint)?.entities.get(identifier),
    count: (blueprint) => shelf(blueprint)?.entities.size ?? 0,
    writes: (blueprint, identifier) => shelf(blueprint)?.entities.get(identifier)?.writes ?? 0,
  };
}
