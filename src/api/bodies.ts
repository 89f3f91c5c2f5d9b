import { z } from "zod";
import type { Blueprint } from "../blueprint.js";

// Shapes of reply bodies: what we rely on and no more, so that the API may grow. @source API reference

/** `POST /auth/access_token` */
export const tokenBody = z.looseObject({ accessToken: z.string().min(1), expiresIn: z.number().positive() });

const blueprint = z.custom<Blueprint>(
  (value) =>
    z.looseObject({ identifier: z.string(), schema: z.looseObject({ properties: z.looseObject({}) }) }).safeParse(value)
      .success,
);

/** `GET /blueprints` */
export const blueprintsBody = z.looseObject({ blueprints: z.array(blueprint) });

/** `GET`, `PUT /blueprints/{id}`, `POST /blueprints` */
export const blueprintBody = z.looseObject({ blueprint });

/** `POST /blueprints/{id}/entities/bulk`; the entries are read one by one, so that a bad one spoils no other. */
export const bulkBody = z.looseObject({
  entities: z.array(z.unknown()).default([]),
  errors: z.array(z.unknown()).default([]),
});

/** An entry of a bulk reply's `entities`. */
export const bulkWritten = z.looseObject({ index: z.int(), created: z.boolean() });

/** An entry of a bulk reply's `errors`. */
export const bulkRefused = z.looseObject({
  index: z.int(),
  statusCode: z.int(),
  error: z.string().default("unknown_error"),
  message: z.string().default(""),
});

/** An entity as a search gives it; which fields it has depends on `include`. */
export const foundEntity = z.looseObject({ identifier: z.string() });
/** See {@link foundEntity}. */
export type FoundEntity = z.infer<typeof foundEntity>;

/** `POST /blueprints/{id}/entities/search` */
export const searchBody = z.looseObject({ entities: z.array(foundEntity), next: z.string().nullish() });

/** `POST /blueprints/{id}/bulk/entities/delete`: the identifiers that were there. */
export const deletedBody = z.looseObject({ deletedEntities: z.array(z.string()).default([]) });

/** `GET /blueprints/{id}/entities-count` */
export const countBody = z.looseObject({ count: z.int() });

/** Any failure. */
export const failureBody = z.looseObject({ error: z.string().optional(), message: z.string().optional() });
