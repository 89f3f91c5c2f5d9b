import type { Blueprint, Property } from "../blueprint.js";
import type { ColumnOptions } from "../source-options.js";
import type { FieldStats } from "./field-stats.js";
import type { IdentifierProposal } from "./propose-identifier.js";
import type { Survey } from "./survey.js";

/** What a proposal is made from, and its parts that all kinds of fields have. */
export interface SurveyedField {
  readonly stats: FieldStats;
  readonly path: string;
  readonly title: string;
  /** ` | values` where a record has no value. */
  readonly some: string;
  /** True where `source.columns` can name the field: a column, or a key at the record's top. */
  readonly isColumn: boolean;
  /** Values without those that mean "no value" among typed ones. */
  readonly firm: number;
  readonly seen: (what: string, fitting?: number) => string;
}

/** How a field becomes a property. */
export interface FieldProposal {
  readonly property: Property;
  readonly expression: string;
  /** What was seen, for a comment. */
  readonly seen: string;
  /** How the column's text is read, under `source.columns`. */
  readonly column?: ColumnOptions;
  readonly question?: string;
}

/** How many of so many values may be mistakes without making all of them text: one in twenty, and none of fewer than ten. */
export function tolerated(values: number): number {
  return values < 10 ? 0 : Math.max(1, Math.floor(values / 20));
}

/** A search in place of an identifier: the property, and the expression of its value. */
export interface ProposedSearch {
  readonly property: string;
  readonly operator: "=" | "in";
  readonly value: string;
}

/** One line of the proposed mapping. */
export interface ProposedLeaf {
  readonly key: string;
  readonly expression: string | ProposedSearch;
  readonly comment: string;
  /** Why it is only a comment. */
  readonly out?: string;
}

/** What a source's entities are told apart and named by. */
export interface ProposedHead {
  readonly identifier: IdentifierProposal | undefined;
  /** The field of the title. */
  readonly title: FieldStats | undefined;
  /** The keys of the properties that the other fields become. */
  readonly keys: ReadonlyMap<FieldStats, string>;
}

/** The proposed mapping of one kind. */
export interface ResourceProposal {
  readonly survey: Survey;
  readonly blueprint: string;
  readonly identifier: IdentifierProposal | undefined;
  readonly title?: string;
  readonly properties: readonly ProposedLeaf[];
  readonly relations: readonly ProposedLeaf[];
  /** How the text of columns is read, by column. */
  readonly columns: Readonly<Record<string, ColumnOptions>>;
  readonly questions: readonly string[];
  /** The blueprint that fits the mapping, where none was given. */
  readonly made?: Blueprint;
}

/** Fields that too many records were refused for, as `<kind> properties.x`, with why. */
export type RefusedFields = ReadonlyMap<string, string>;

/** Where the values of a field name entities: a source of the call, or a blueprint of the catalog. */
export interface RelationTarget {
  readonly blueprint: string;
  /** How people know it: the kind of the source, or the catalog. */
  readonly from: string;
  /** The surveyed source; absent for the catalog. */
  readonly survey?: Survey;
  /** What its entities may be named by. */
  readonly keys: readonly TargetKey[];
}

/** Something that tells a target's entities apart. */
export interface TargetKey {
  readonly values: ReadonlySet<string>;
  /** The values in lower case with hyphens, where they are words rather than identifiers: case and signs do not count then. */
  readonly slugs: ReadonlySet<string>;
  /** The field of the source; absent for the catalog. */
  readonly field?: FieldStats;
  /** How a search finds it in the catalog: `$identifier`, `$title`, or a property; a source's field says so once it is proposed. */
  readonly property?: string;
}

/** A field whose values name entities. */
export interface FoundRelation {
  readonly field: FieldStats;
  readonly target: RelationTarget;
  readonly key: TargetKey;
  /** The text between several names in one value; `array` where the value is a list itself. */
  readonly list?: string | "array";
  /** Different values, and how many of them name an entity. */
  readonly different: number;
  readonly resolved: number;
  /** The first values that name none. */
  readonly lost: readonly string[];
}
