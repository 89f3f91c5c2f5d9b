/**
 * Keeps the rows of a table in step with the catalog.
 *
 * `rows` is any iterable of objects. With node-postgres (`npm install pg pg-query-stream`), which reads 500 rows at a time through a cursor:
 *
 *     import pg from "pg";
 *     import QueryStream from "pg-query-stream";
 *
 *     const client = new pg.Client();
 *     await client.connect();
 *     try {
 *       const query = "select id, name, cpus, created_at, owner_id from servers where not retired";
 *       const rows = client.query(new QueryStream(query, [], { batchSize: 500 }));
 *       await syncServers(rows, process.env);
 *     } finally {
 *       await client.end();
 *     }
 */
import { runSync } from "portload";

/** @type {import("portload").MappingObject} */
const mapping = {
  resources: [
    {
      kind: "servers",
      port: {
        entity: {
          mappings: {
            identifier: ".id | tostring",
            blueprint: '"server"',
            title: ".name",
            properties: { cpus: ".cpus", createdAt: ".created_at" },
            relations: { owner: ".owner_id" },
          },
        },
      },
    },
  ],
};

/** The columns of the query: one that the mapping reads and the query no longer gives stops the sync before anything is written. */
const columns = ["id", "name", "cpus", "created_at", "owner_id"];

/**
 * Writes what differs, and throws when the sync did not come to its end.
 *
 * @param {AsyncIterable<object>} rows
 * @param {Readonly<Record<string, string | undefined>>} env - holds PORT_CLIENT_ID and PORT_CLIENT_SECRET
 */
export async function syncServers(rows, env) {
  const { report, error } = await runSync(
    { sources: { servers: { records: rows, columns } }, mapping, stateDir: false },
    {
      env,
      onReject: ({ position, path, message }) => console.error(`row ${position}: ${path ?? "the row"} ${message}`),
    },
  );
  if (error !== undefined) throw error;
  return report;
}
