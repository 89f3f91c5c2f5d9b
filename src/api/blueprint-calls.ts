import type { Blueprint } from "../blueprint.js";
import { blueprintBody, blueprintsBody } from "./bodies.js";
import { type Call, type CallIo, refusal } from "./send.js";

/** The blueprint routes of a client. */
export interface BlueprintCalls {
  listBlueprints(): Promise<readonly Blueprint[]>;
  getBlueprint(identifier: string): Promise<Blueprint | undefined>;
  createBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  replaceBlueprint(blueprint: Blueprint): Promise<Blueprint>;
}

const isBlueprint = (body: unknown) => blueprintBody.safeParse(body).success;
const pathOf = (identifier: string) => `/blueprints/${encodeURIComponent(identifier)}`;
const common = { family: "blueprints", route: "blueprints", authorized: true } as const;

/** Binds the blueprint routes. @source API reference, "Blueprints" */
export function createBlueprintCalls(io: CallIo): BlueprintCalls {
  const getBlueprint = async (identifier: string) => {
    const call: Call = { ...common, method: "GET", path: pathOf(identifier), idempotent: true, promised: isBlueprint };
    const reply = await io.send(call);
    if (reply.is === "reply" && reply.status === 404) return undefined;
    if (reply.is === "lost" || reply.status >= 300) throw refusal(call, reply, io);
    return blueprintBody.parse(reply.body).blueprint;
  };
  return {
    getBlueprint,
    async listBlueprints() {
      const promised = (body: unknown) => blueprintsBody.safeParse(body).success;
      const call: Call = { ...common, method: "GET", path: "/blueprints", idempotent: true, promised };
      const reply = await io.send(call);
      if (reply.is === "lost" || reply.status >= 300) throw refusal(call, reply, io);
      return blueprintsBody.parse(reply.body).blueprints;
    },
    async createBlueprint(blueprint) {
      const body = JSON.stringify(blueprint);
      const call: Call = {
        ...common,
        method: "POST",
        path: "/blueprints",
        body,
        idempotent: false,
        promised: isBlueprint,
      };
      const reply = await io.send(call);
      // A lost reply is settled by looking.
      const made = reply.is === "lost" ? await getBlueprint(blueprint.identifier) : undefined;
      if (made !== undefined) return made;
      if (reply.is === "lost" || reply.status >= 300) throw refusal(call, reply, io);
      return blueprintBody.parse(reply.body).blueprint;
    },
    async replaceBlueprint(blueprint) {
      const body = JSON.stringify(blueprint);
      const call: Call = {
        ...common,
        method: "PUT",
        path: pathOf(blueprint.identifier),
        body,
        idempotent: true,
        promised: isBlueprint,
      };
      const reply = await io.send(call);
      if (reply.is === "lost" || reply.status >= 300) throw refusal(call, reply, io);
      return blueprintBody.parse(reply.body).blueprint;
    },
  };
}
