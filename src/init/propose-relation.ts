import type { Relation } from "../blueprint.js";
import type { ColumnOptions } from "../source-options.js";
import type { FoundRelation } from "./find-relations.js";
import { inWords, pathExpression } from "./names.js";
import type { Head, ProposedLeaf } from "./proposal.js";
import { slugExpression } from "./propose-identifier.js";
import type { Survey } from "./survey.js";

/** A relation as the mapping, the blueprint and the reading of its column have it. */
export interface ProposedRelation {
  readonly leaf: ProposedLeaf;
  readonly relation: Relation;
  readonly columns: Readonly<Record<string, ColumnOptions>>;
  readonly questions: readonly string[];
}

/** Proposes a relation: by identifier where the values are identifiers, else by a search. */
export function proposeRelation(found: FoundRelation, key: string, heads: ReadonlyMap<Survey, Head>): ProposedRelation {
  const { field, target, list, different, resolved, lost } = found;
  const path = pathExpression(field.path);
  const isMany = list !== undefined;
  const isColumn = field.path.length === 1;
  const [column = ""] = field.path;
  const isSplit = isMany && list !== "array";
  const way = wayOf(found, heads);
  const names = isMany
    ? `${path} | values${isSplit && !isColumn ? ` | split(${JSON.stringify(list)}) | map(gsub("^\\\\s+|\\\\s+$"; "") | select(. != ""))` : ""}`
    : `${path} | values${field.types.has("number") ? " | tostring" : ""}`;
  const plain = names === `${path} | values` ? path : names;
  const slugs = isMany ? `${names} | map(${slugExpression(".")})` : slugExpression(names);
  const expression =
    way.is === "search"
      ? ({ property: way.property, operator: isMany ? "in" : "=", value: plain } as const)
      : way.is === "slug"
        ? slugs
        : plain;
  const named = way.is === "search" ? `by ${way.property}` : "by identifier";
  const seen = `${resolved} of ${different} different ${isMany ? "names in the lists" : "values"} name a "${target.blueprint}" ${named}`;
  return {
    leaf: { key, expression, comment: lost.length === 0 ? seen : `${seen}, not ${lost.map(shown).join(", ")}` },
    relation: {
      title: inWords(field.path.join(" "))
        .replace(/(?<=.) (?:sys ID|IDs?|UUID|identifiers?|key|display value|value)$/i, "")
        .slice(0, 100),
      target: target.blueprint,
      required: false,
      many: isMany,
    },
    columns: isSplit && isColumn ? { [column]: { split: list.trim() } } : {},
    questions: [
      ...(way.is === "search"
        ? [
            `is there a column with the identifier of "${target.blueprint}"? ${path} is found by a search, which sync cannot compare, so that it writes these entities each time`,
          ]
        : []),
      ...(lost.length > 0 ? [lostQuestion(found, path)] : []),
    ],
  };
}

function lostQuestion({ different, resolved, target, lost }: FoundRelation, path: string): string {
  return `${different - resolved} of ${different} values of ${path} name no "${target.blueprint}", as ${lost.map(shown).join(", ")}; their records are written without the relation, and reported. Are they mistakes?`;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}

type Way =
  | { readonly is: "identifier" }
  | { readonly is: "slug" }
  | { readonly is: "search"; readonly property: string };

/** How a name leads to its entity. */
function wayOf({ target, key }: FoundRelation, heads: ReadonlyMap<Survey, Head>): Way {
  if (target.survey === undefined || key.field === undefined) {
    const property = key.property ?? "$identifier";
    return property === "$identifier" ? { is: "identifier" } : { is: "search", property };
  }
  const head = heads.get(target.survey);
  if (head?.identifier?.field === key.field) return { is: head.identifier.isSlug ? "slug" : "identifier" };
  if (head?.title === key.field) return { is: "search", property: "$title" };
  return { is: "search", property: head?.keys.get(key.field) ?? "$identifier" };
}
