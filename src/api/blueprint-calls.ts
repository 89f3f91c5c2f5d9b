import type { Blueprint } from "../blueprint.js";
import { bodyOf, type Call, type CallIo, pathOf, refusalOf } from "./call.js";
import { isAnyBody, isBlueprintBody, isBlueprintsBody, isCountBody } from "./reply-parts.js";

/** The blueprint routes of a client. */
export interface BlueprintCalls {
  listBlueprints(): Promise<readonly Blueprint[]>;
  /** Undefined when there is none. */
  getBlueprint(identifier: string): Promise<Blueprint | undefined>;
  createBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  /** Replaces it as a whole. */
  replaceBlueprint(blueprint: Blueprint): Promise<Blueprint>;
  /** Refused while it has entities, or others relate to it. */
  deleteBlueprint(identifier: string): Promise<void>;
  countEntities(blueprint: string): Promise<number>;
}

/** Binds the blueprint routes. @source API reference, "Blueprints" */
export function createBlueprintCalls(io: CallIo): BlueprintCalls {
  const call = (method: Call<unknown>["method"], path: string, blueprint?: Blueprint) => ({
    ...{ method, path, route: "blueprints" as const, idempotent: method !== "POST" },
    ...(blueprint !== undefined && { body: JSON.stringify(blueprint) }),
    isBody: isBlueprintBody,
  });
  const getBlueprint = async (identifier: string) => {
    const get = call("GET", pathOf(identifier));
    const reply = await io.send(get);
    if (reply.is === "done") return reply.body.blueprint;
    if (reply.is === "refused" && reply.status === 404) return undefined;
    throw refusalOf(get, reply, io);
  };
  return {
    getBlueprint,
    async listBlueprints() {
      return (await bodyOf(io, { ...call("GET", "/blueprints"), isBody: isBlueprintsBody })).blueprints;
    },
    async createBlueprint(blueprint) {
      const create = call("POST", "/blueprints", blueprint);
      const reply = await io.send(create);
      if (reply.is === "done") return reply.body.blueprint;
      // A lost reply is settled by looking.
      const made = reply.is === "lost" ? await getBlueprint(blueprint.identifier) : undefined;
      if (made !== undefined) return made;
      throw refusalOf(create, reply, io);
    },
    async replaceBlueprint(blueprint) {
      return (await bodyOf(io, call("PUT", pathOf(blueprint.identifier), blueprint))).blueprint;
    },
    async deleteBlueprint(identifier) {
      await bodyOf(io, { ...call("DELETE", pathOf(identifier)), isBody: isAnyBody });
    },
    async countEntities(blueprint) {
      const path = pathOf(blueprint, "/entities-count");
      return (await bodyOf(io, { method: "GET", path, route: "read", idempotent: true, isBody: isCountBody })).count;
    },
  };
}
