import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { readDescription } from "../support/reply-check.mjs";
import { type Schema, samplesOf } from "../support/samples.js";
import { type Session, startSession } from "./session.js";

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[];
  readonly requestBody?: { readonly content: { readonly "application/json": { readonly schema: Schema } } };
}

const description = readDescription(process.env.PORTLOAD_REPLIES ?? "");
const components = (description?.components ?? {}) as { readonly schemas?: Readonly<Record<string, Schema>> };
const define = (ref: string): Schema => components.schemas?.[ref.split("/").at(-1) ?? ""] ?? {};
const operations = Object.entries(description?.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [method.toUpperCase(), path, operation as Operation] as const),
);

/** Refusals of what is well formed, known by their words: what a body names is not there, or does not fit together. */
const wellFormed =
  /was not found|does not exist|do not exists|No entity of|More than one entity|already exists|is no cursor|cannot contain more than one|not lead to|Invalid credentials|required relation|Cannot create|names "|has dependents/;

async function prepare(session: Session): Promise<void> {
  await session.call("POST", "/v1/blueprints/owned/entities", { identifier: "word" });
  await session.call("POST", "/v1/blueprints/_team/entities", { identifier: "word" });
}

describe.skipIf(description === undefined)(
  "every request form of Port's API description (skipped where it is not at hand)",
  () => {
    const ajv = new Ajv({
      strict: false,
      logger: false,
      validateSchema: false,
      formats: { "date-time": true, uri: true, url: true },
    });
    ajv.addSchema({ $id: "port", components });

    it.each(operations.filter(([, , { requestBody }]) => requestBody !== undefined))(
      "is accepted as a body of %s %s",
      async (method, path, { requestBody }) => {
        const schema = requestBody?.content["application/json"].schema ?? {};
        const text = JSON.stringify(schema).replaceAll('"#/components', '"port#/components');
        const valid = ajv.compile(JSON.parse(text) as object);
        // The description requires no `query` of a search in a blueprint; the real API does, as a live reply shows.
        const bodies = samplesOf(schema, define).filter(
          (body) => valid(body) && !(path.endsWith("}/entities/search") && !hasQuery(body)),
        );
        expect(bodies.length).toBeGreaterThan(0);
        const session = await startSession({ limits: "off" });
        await prepare(session);
        const url = path
          .replace("{blueprint_identifier}", "owned")
          .replace("{identifier}", "owned")
          .replace("{entity_identifier}", "word");
        const refused: unknown[] = [];
        for (const body of bodies) {
          const reply = await session.call(method, url, body);
          if (reply.status >= 400 && !wellFormed.test(reply.body.message as string))
            refused.push(JSON.stringify([body, reply.body]));
        }
        expect(refused.slice(0, 5)).toEqual([]);
      },
    );

    it.each(operations)("is accepted as a query string of %s %s", async (method, path, { parameters = [] }) => {
      const session = await startSession({ limits: "off" });
      await prepare(session);
      const url = path
        .replace("{blueprint_identifier}", "owned")
        .replace("{identifier}", "owned")
        .replace("{entity_identifier}", "word");
      for (const { name, schema } of parameters.filter(
        (parameter) => parameter.in === "query" && parameter.name !== "run_id",
      )) {
        for (const value of samplesOf(schema, define).flat()) {
          const reply = await session.call(method, `${url}?${name}=${String(value)}`, {
            entities: ["none"],
            query: { combinator: "and", rules: [] },
          });
          expect([name, value, String(reply.body.message)]).not.toEqual([
            name,
            value,
            expect.stringContaining("querystring"),
          ]);
        }
      }
    });
  },
);

function hasQuery(body: unknown): boolean {
  return typeof body === "object" && body !== null && "query" in body;
}
