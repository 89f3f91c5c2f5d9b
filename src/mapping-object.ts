/** What a leaf of the mapping may hold: a jq expression, a constant, or lists and objects of such. */
export type RawLeaf = string | number | boolean | null | readonly RawLeaf[] | { readonly [key: string]: RawLeaf };

/** A mapping as an object: what its file holds, parsed. docs/mapping.md describes each key. */
export interface MappingObject {
  /** What becomes of the records of each kind; at least one. */
  readonly resources: readonly MappingResource[];
  /** How sources are read, for all kinds. */
  readonly source?: SourceForm;
  /** How sources are read, by kind; laid over `source`. */
  readonly sources?: Readonly<Record<string, SourceForm>>;
  /** Which of several entities with one key counts: `first`, `last`, none (`error`), one with the fields of all (`merge`), all in turn (`off`). Default `merge` where several resources write one blueprint, else `first`. */
  readonly duplicates?: "first" | "last" | "error" | "merge" | "off";
  /** What happens to a field that is null: `omit` leaves it out, `clear` empties it. Default `omit`. */
  readonly onNull?: "omit" | "clear";
  /** Fields whose null empties them, whatever `onNull` says: `title`, `properties.x`, `relations.y`. */
  readonly clear?: readonly string[];
  /** Fields that are left out when null, whatever `onNull` says. */
  readonly omit?: readonly string[];
  /** Fields whose null rejects the entity. */
  readonly reject?: readonly string[];
  /** What a failing expression costs: its value (`"null"`, with a warning), or the entity (`reject`). Default `"null"`. */
  readonly onError?: "null" | "reject" | null;
  /** False writes in mode override unless the run says otherwise. */
  readonly enableMergeEntity?: boolean;
  /** Create relation targets that do not exist, empty. Default false. */
  readonly createMissingRelatedEntities?: boolean;
  /** Let a deletion also delete what requires the entity. Default false. */
  readonly deleteDependentEntities?: boolean;
  /** Share of a blueprint's entities that a prune may delete, or a run may empty a field of; 0 to 1. */
  readonly entityDeletionThreshold?: number;
  /** What happens to a property that the blueprint lacks: `refuse` stops the run before anything is written, `warn` leaves the property out. Default `refuse`. */
  readonly unknownProperties?: "refuse" | "warn";
  /** Variables that expressions may read from the context's `env`, by name. Default none. */
  readonly allowedEnvironmentVariablesInJQ?: readonly string[];
}

/** One entry of a mapping's `resources`: which records, and what becomes of them. */
export interface MappingResource {
  /** Kind of record: the key of its source in `sources`, or the base name of its file. */
  readonly kind: string;
  /** Which records count: `query` is a jq expression that gives true or false. Default: all. */
  readonly selector?: { readonly query?: string | boolean; readonly [key: string]: unknown } | null;
  readonly port: {
    readonly entity: {
      /** The entity that a record becomes. */
      readonly mappings: EntityMapping;
      readonly [key: string]: unknown;
    };
    /** Expression that gives a list; each of its elements becomes an entity. */
    readonly itemsToParse?: string | null;
    /** Key under which an element is added beside its record's. Default `item`. */
    readonly itemsToParseName?: string;
    /** Whether the list is taken out of the record that is kept beside an element. Default true. */
    readonly itemsToParseTopLevelTransform?: boolean;
  };
  /** What a prune may delete: all entities of the blueprint, or those with a value in a property or relation. Default: nothing. */
  readonly prune?: "all" | { readonly where: { readonly property: string; readonly value: string | number | boolean } };
  /** What happens to an entity whose relation has no target, by relation. Default: the entity is written without it, and is reported as rejected. */
  readonly onMissingTarget?: Readonly<Record<string, "reject" | "omit" | "create">>;
}

/** The entity that a record becomes: each leaf a jq expression on the record. */
export interface EntityMapping {
  /** Expression of the identifier, or a search for the entity. */
  readonly identifier: RawLeaf;
  /** Expression of the blueprint; most often a constant, `'"service"'`. */
  readonly blueprint: string;
  readonly title?: RawLeaf;
  readonly icon?: RawLeaf;
  readonly team?: RawLeaf;
  readonly properties?: Readonly<Record<string, RawLeaf>> | null;
  readonly relations?: Readonly<Record<string, RawLeaf>> | null;
}

/** How sources are written. docs/reading.md describes each key. */
export interface SourceForm {
  /** Default: by extension, then by content. */
  readonly format?: "csv" | "tsv" | "json" | "ndjson" | "yaml" | "xlsx";
  /** Default: by byte order mark, then UTF-8. */
  readonly encoding?: string;
  /** Of CSV and TSV. */
  readonly csv?: {
    /** Text between cells. Default `,`; a tab for TSV. */
    readonly delimiter?: string;
    /** Character around cells that hold the delimiter or a line end; false for none. Default `"`. */
    readonly quote?: string | false;
    /** Character that escapes the one after it. Default none: a quote within quotes is doubled. */
    readonly escape?: string;
    /** Whether a quote within a quoted cell is a fault (`strict`) or text (`lenient`). Default `strict`. */
    readonly quotes?: "strict" | "lenient";
    /** Leave out spaces around cells. Default false. */
    readonly trim?: boolean;
    /** What happens to a row with fewer cells than the header. Default `reject`. */
    readonly shortRows?: "reject" | "pad";
    /** What happens to a row with more cells than the header. Default `reject`. */
    readonly longRows?: "reject" | "drop";
    /** What becomes of columns of one name. Default `refuse`. */
    readonly repeatedColumns?: "refuse" | "number" | "list";
    /** Whether the first line names the columns. Default true. */
    readonly header?: boolean;
    /** Lines before the header. Default 0. */
    readonly skipLines?: number;
    /** Text that begins a line which is not a record. Default none. */
    readonly comment?: string;
    /** Names of the columns; needs `header: false`. */
    readonly columns?: readonly string[];
  };
  /** Where the records of a JSON text are. */
  readonly json?: {
    /** Keys, dotted, that lead to the list of records; `.` is the text itself. */
    readonly records?: string;
    /** The records are the values of an object; their key is put under this name. */
    readonly keyed?: string;
  };
  /** Where the table of a workbook is. */
  readonly xlsx?: {
    /** Name of the sheet. Default: the first one that is not hidden. */
    readonly sheet?: string;
    /** Row of the header, from 1. Default: the first row with a filled cell. */
    readonly headerRow?: number;
  };
  /** Texts that mean "no value". */
  readonly blanks?: readonly string[];
  /** What a column's text means, where the blueprint does not say. */
  readonly columns?: Readonly<Record<string, ColumnForm>>;
  /** Columns that a table may lack, though an expression reads them. */
  readonly optionalColumns?: readonly string[];
  /** What an undecodable byte costs: the rest of the source (`stop`), or its record (`reject`). Default `stop`. */
  readonly badText?: "stop" | "reject";
  /** Largest record in bytes of UTF-8. Default 16 MiB. */
  readonly maxRecordBytes?: number;
}

/** What a column's text means. */
export type ColumnForm =
  /** Texts that mean "no value" in this column; the other forms may have them as well. */
  {
    readonly blanks?: readonly string[];
  } & (
    | /** A date by Luxon's tokens, such as `dd.MM.yyyy`, in a zone, with names of months and days in a language. */
    { readonly date: string; readonly zone?: string; readonly locale?: string }
    /** A list, with this text between its elements. */
    | { readonly split: string }
    /** A number: its decimal sign, what separates its thousands, a unit to leave out. */
    | {
        readonly number: {
          readonly decimal?: "." | ",";
          readonly group?: "." | "," | " " | "'" | "\u2019" | "_";
          readonly unit?: string;
        };
      }
    /** The words that mean yes and no. */
    | { readonly true: readonly (string | number | boolean)[]; readonly false: readonly (string | number | boolean)[] }
    /** The text itself. */
    | { readonly blanks: readonly string[] }
  );
