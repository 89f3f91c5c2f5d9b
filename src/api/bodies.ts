import { z } from "zod";
import type { Blueprint } from "../blueprint.js";
import type { FoundEntity } from "../entity.js";

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

/** An entry of a bulk reply's `errors`. */
export const bulkRefused = z.looseObject({
  index: z.int(),
  statusCode: z.int(),
  error: z.string().default("unknown_error"),
  message: z.string().default(""),
});

const foundEntity = z.custom<FoundEntity>(
  (value) => z.looseObject({ identifier: z.string() }).safeParse(value).success,
);

/** `POST /blueprints/{id}/entities/search` */
export const searchBody = z.looseObject({ entities: z.array(foundEntity), next: z.string().nullish() });

/** `POST /blueprints/{id}/bulk/entities/delete`: the identifiers that were there. */
export const deletedBody = z.looseObject({ deletedEntities: z.array(z.string()).optional() });

/** An object that is shown or looked at as it came. */
export const anyObject = z.record(z.string(), z.unknown());

/** `GET /blueprints/{id}/entities-count` */
export const countBody = z.looseObject({ count: z.int() });

/** `GET /blueprints/{id}/entities/{id}`, as far as a lost creation is judged by it. */
export const heldBody = z.looseObject({ entity: z.looseObject({ createdAt: z.string() }) });

/** Any refusal. */
export const failureBody = z.looseObject({
  ok: z.boolean().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
});
