/**
 * The way of the API's own page, for `import.ts`: axios, one upsert a record, each awaited before the next.
 *
 *     node page-way.js <csv> <api url>
 */
import { createReadStream } from "node:fs";
import axios from "axios";
import { parse } from "csv-parse";

const [file = "", address = ""] = process.argv.slice(2);
const { data } = await axios.post(`${address}/auth/access_token`, { clientId: "bench", clientSecret: "bench" });
const config = { headers: { Authorization: `Bearer ${data.accessToken}` } };

for await (const record of createReadStream(file).pipe(parse({ columns: true })) as AsyncIterable<
  Record<string, string>
>) {
  const properties = Object.fromEntries(
    Object.entries(record)
      .slice(2)
      .map(([name, cell], i) => [name, i % 6 === 4 ? Number(cell) : i % 6 === 5 ? cell === "true" : cell]),
  );
  const entity = { identifier: record.c0, title: record.c1, properties, relations: {} };
  await axios.post(`${address}/blueprints/thing/entities?upsert=true&merge=true`, entity, config);
}
