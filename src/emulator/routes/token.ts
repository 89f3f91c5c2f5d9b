import type { Credentials } from "../model.js";
import { Refusal } from "../refusal.js";
import type { Tokens } from "../tokens.js";
import { answer, ok, type RouteParts } from "./routes.js";

const body = {
  type: "object",
  properties: { clientId: { type: "string" }, clientSecret: { type: "string" } },
  required: ["clientId", "clientSecret"],
  additionalProperties: false,
};

/** `POST /v1/auth/access_token`. */
export function tokenRoute({ server, catalog }: RouteParts, tokens: Tokens, ttlMs: number): void {
  server.post<{ Body: Credentials }>("/v1/auth/access_token", { schema: { body } }, (request, reply) => {
    const issued = tokens.issue(request.body);
    if (issued instanceof Refusal) return answer(reply, issued);
    const left = catalog.readings.expiresIn === "remaining" ? issued.expiresInMs : ttlMs;
    return answer(reply, ok({ accessToken: issued.token, expiresIn: Math.floor(left / 1000), tokenType: "Bearer" }));
  });
}
