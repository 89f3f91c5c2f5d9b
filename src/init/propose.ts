import { type FoundRelation, findRelations, type Target, targetsOf } from "./find-relations.js";
import { stemOf } from "./names.js";
import type { Head, Refused, ResourceProposal } from "./proposal.js";
import { proposeIdentifier, rankOf } from "./propose-identifier.js";
import { headOf, proposeResource } from "./propose-resource.js";
import type { Survey } from "./survey.js";

/**
 * Proposes the mapping of all sources of a call together: their identifiers, the relations between them and into the catalog, and a blueprint for each.
 *
 * @returns one proposal a source, targets of relations first
 */
export function proposeAll(
  surveys: readonly Survey[],
  catalog: readonly Target[],
  refused: Refused,
): ResourceProposal[] {
  const targets = [...targetsOf(surveys), ...catalog];
  const relations = new Map(
    surveys.map((survey) => [survey, withoutEchoes(withoutAddresses(findRelations(survey, targets)))]),
  );
  const referenced = new Set(
    [...relations.values()].flat().flatMap(({ key }) => (key.field === undefined ? [] : [key.field])),
  );
  const heads = new Map<Survey, Head>(
    surveys.map((survey) => [survey, headOf(survey, proposeIdentifier(survey, referenced))]),
  );
  return targetsFirst(surveys, relations).map((survey) =>
    proposeResource(survey, heads.get(survey) as Head, relations.get(survey) ?? [], heads, refused),
  );
}

/** An e-mail address beside another link to the same target is a contact: it stays a property. */
function withoutAddresses(relations: readonly FoundRelation[]): readonly FoundRelation[] {
  const linked = new Set(relations.filter((found) => !isByAddress(found)).map(({ target }) => target));
  return relations.filter((found) => !isByAddress(found) || !linked.has(found.target));
}

/** Of `owner_id` and `owner_name`, which name the same entity, the likelier identifier is the relation; the other one stays a property. */
function withoutEchoes(relations: readonly FoundRelation[]): readonly FoundRelation[] {
  const rank = ({ key, target, different }: FoundRelation): number =>
    key.field === undefined
      ? key.property === "$identifier"
        ? 40
        : 0
      : rankOf(key.field, target.from) + different / 1e6;
  return relations.filter((found) =>
    relations.every(
      (other) =>
        other === found ||
        other.target !== found.target ||
        stemOf(other.field.path) !== stemOf(found.field.path) ||
        rank(other) <= rank(found),
    ),
  );
}

function isByAddress({ field }: FoundRelation): boolean {
  return (field.fits.get("email") ?? 0) > field.values / 2;
}

function targetsFirst(
  surveys: readonly Survey[],
  relations: ReadonlyMap<Survey, readonly FoundRelation[]>,
): readonly Survey[] {
  const ordered = new Set<Survey>();
  const entered = new Set<Survey>();
  const visit = (survey: Survey): void => {
    if (entered.has(survey)) return;
    entered.add(survey);
    for (const { target } of relations.get(survey) ?? []) if (target.survey !== undefined) visit(target.survey);
    ordered.add(survey);
  };
  surveys.forEach(visit);
  return [...ordered];
}
