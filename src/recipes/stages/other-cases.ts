import type { SearchCalls } from "../../api/search.js";
import type { Blueprints } from "../../blueprint.js";
import { keyText } from "../../entity.js";
import { ApiError } from "../../errors.js";
import type { Outcome } from "../../outcome.js";
import type { Finding, Reject } from "../../reject.js";

/** Entities of a blueprint whose names are read for this, at most. */
const maxRead = 5000;

/** How the API reports a missing target, a team among them. @source API reference, "Create an entity": error `not_found` */
const notFound = /Entity with identifier "(.+)" does not exist in the blueprint "(.+)"/;

/**
 * Says of missing targets that one whose name differs in case alone exists: `rivers` and `Rivers` are two names in Port. Costs a few searches, once for
 * each blueprint with something missing, and nothing otherwise.
 */
export function nameOtherCases(
  { pages }: Pick<SearchCalls, "pages">,
  blueprints: Blueprints,
): (outcomes: readonly Outcome[]) => Promise<readonly Outcome[]> {
  const names = new Map<string, Promise<ReadonlyMap<string, string>>>();
  const otherCase = new Map<string, string>();

  async function read(blueprint: string): Promise<ReadonlyMap<string, string>> {
    const byLowerCase = new Map<string, string>();
    const everything = { combinator: "and", rules: [] };
    try {
      for await (const page of pages(blueprint, { query: everything, include: ["$identifier"] })) {
        for (const { identifier } of page) byLowerCase.set(identifier.toLowerCase(), identifier);
        if (byLowerCase.size >= maxRead) break;
      }
    } catch (error) {
      // A hint is not worth a failure: what was read is used.
      if (!(error instanceof ApiError)) throw error;
    }
    return byLowerCase;
  }

  async function learn(missing: Missing): Promise<void> {
    const { blueprint, identifier } = missing;
    const known = names.get(blueprint) ?? read(blueprint);
    names.set(blueprint, known);
    const other = (await known).get(identifier.toLowerCase());
    if (other !== undefined && other !== identifier) otherCase.set(keyText(blueprint, identifier), other);
  }

  function missingOf(reject: Reject, { code, path, value, message }: Finding): Missing | undefined {
    if (code !== "relation_target_missing") return undefined;
    const relation = path?.replace(/^relations\./, "") ?? "";
    const target = blueprints.get(reject.blueprint ?? "")?.relations?.[relation]?.target;
    if (target !== undefined && value !== undefined) return { blueprint: target, identifier: value };
    const [, identifier, blueprint] = notFound.exec(message) ?? [];
    return identifier === undefined || blueprint === undefined ? undefined : { blueprint, identifier };
  }

  return async (outcomes) => {
    const missing = outcomes.flatMap((outcome) =>
      outcome.is !== "rejected"
        ? []
        : [outcome.reject, ...(outcome.reject.also ?? [])].flatMap((one) => missingOf(outcome.reject, one) ?? []),
    );
    if (missing.length === 0) return outcomes;
    for (const one of missing) await learn(one);
    return outcomes.map((outcome) => {
      if (outcome.is !== "rejected") return outcome;
      const { reject } = outcome;
      const withOther = <T extends Finding>(finding: T): T => {
        const one = missingOf(reject, finding);
        const other = one && otherCase.get(keyText(one.blueprint, one.identifier));
        if (one === undefined || other === undefined) return finding;
        return { ...finding, message: `${finding.message}; write "${other}": ${one.blueprint} has it in other case` };
      };
      const also = reject.also?.map(withOther);
      return { ...outcome, reject: { ...withOther(reject), ...(also !== undefined && { also }) } };
    });
  };
}

/** A target that is not there. */
interface Missing {
  readonly blueprint: string;
  readonly identifier: string;
}
