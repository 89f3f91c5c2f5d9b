import { z } from "zod";
import { SourceError } from "./errors.js";

/** How a CSV source is written. */
const csvOptions = z
  .strictObject({
    /** Text between cells, one or more characters; `\\t` written as two characters is a tab, too. Default `,`; a tab for TSV. */
    delimiter: z
      .string()
      .regex(/^[^\r\n]+$/, "is one or more characters, no line end")
      .optional(),
    /** Character around cells that hold the delimiter or a line end. Default `"`; `false` for none. */
    quote: z.union([z.string().regex(/^[^\r\n]$/u, "is one character, or false"), z.literal(false)]).optional(),
    /** Character that escapes a quote, a delimiter, a line end or itself after it. Default none: a quote within quotes is doubled. */
    escape: z
      .string()
      .regex(/^[^\r\n]$/u, "must be one character")
      .optional(),
    /** strict: a quote within a quoted cell is a fault. lenient: it is text unless a delimiter or line end follows. Default strict; a quote in a cell that does not begin with one is always text. */
    quotes: z.enum(["strict", "lenient"]).optional(),
    /** Whether spaces around cells, and before an opening quote, are left out. Default false. */
    trim: z.boolean().optional(),
    /** What happens to a row with fewer cells than the header: `pad` fills it up with empty cells. Default reject. */
    shortRows: z.enum(["reject", "pad"]).optional(),
    /** What happens to a row with cells after the last column: `drop` leaves them out. Default reject; empty ones are always left out. */
    longRows: z.enum(["reject", "drop"]).optional(),
    /** Columns of one name: `number` names the further ones `name_2`, `name_3`; `list` makes one array of their cells that hold something. Default refuse. */
    repeatedColumns: z.enum(["refuse", "number", "list"]).optional(),
    /** Whether the first line names the columns. Default true; without it columns are named `column1`, `column2`, … */
    header: z.boolean().optional(),
    /** Physical lines before the header. Default 0. */
    skipLines: z.int().min(0).optional(),
    /** Text that begins a line which is not a record. Default none. */
    comment: z
      .string()
      .regex(/^[^\r\n]+$/, "is one or more characters, no line end")
      .optional(),
    /** Names of the columns of a source without a header; needs `header: false`. */
    columns: z.array(z.string().min(1)).min(1).optional(),
  })
  .refine(({ columns, header }) => columns === undefined || header === false, {
    path: ["columns"],
    message: "needs header: false; a header names the columns itself",
  })
  .refine(({ columns = [] }) => new Set(columns).size === columns.length, {
    path: ["columns"],
    message: "names a column twice",
  })
  .refine(
    ({ delimiter = ",", escape: sign }) => sign === undefined || delimiter === "\\t" || !delimiter.includes(sign),
    {
      path: ["escape"],
      message: "may not be part of the delimiter",
    },
  )
  .refine(({ delimiter = ",", quote = '"' }) => quote === false || !delimiter.includes(quote), {
    path: ["quote"],
    message: "may not be part of the delimiter",
  });

/** A number's signs: what precedes its fraction, and what separates its thousands. */
const numberSigns = z.strictObject({
  /** Default `.`. */
  decimal: z.enum([".", ","], { error: 'is "." or ","' }).optional(),
  /** Default none. A space means every kind of space. */
  group: z.enum([".", ",", " ", "'", "\u2019", "_"], { error: "is one of . , ' _ or a space" }).optional(),
  /** Text before or after the number that is left out, as `€`, `%` or `GB`. A number without it is read too. */
  unit: z.string().trim().min(1).optional(),
});

const booleanWords = z.array(z.union([z.string(), z.number(), z.boolean()])).min(1);

/** Cells of the column that mean "no value", white space around them aside. */
const columnBlanks = z.array(z.string()).min(1);

/** What a column's text means, where the blueprint does not say. */
const columnOptions = z.union(
  [
    z.strictObject({
      /** Luxon's tokens, as `dd.MM.yyyy HH:mm`. */
      date: z.string().min(1),
      /** IANA zone of the text, as `Europe/Berlin` or `UTC`; required unless the format reads an offset. */
      zone: z.string().min(1).optional(),
      /** Language of the names of months and days. Default `en`. */
      locale: z.string().min(2).optional(),
      blanks: columnBlanks.optional(),
    }),
    z.strictObject({ split: z.string().min(1), blanks: columnBlanks.optional() }),
    z.strictObject({ number: numberSigns, blanks: columnBlanks.optional() }),
    z.strictObject({ true: booleanWords, false: booleanWords, blanks: columnBlanks.optional() }),
    z.strictObject({ blanks: columnBlanks }),
  ],
  {
    error:
      "is none of { date, zone, locale }, { split }, { number: { decimal, group, unit } }, { true: […], false: […] }, each perhaps with blanks: […], or that alone",
  },
);
/** See {@link columnOptions}. */
export type ColumnOptions = z.infer<typeof columnOptions>;

/** How sources are read: the mapping's `source`, and each entry of its `sources`. */
export const sourceOptions = z.strictObject({
  /** Default: by extension, then by content. */
  format: z.enum(["csv", "tsv", "json", "ndjson", "yaml", "xlsx"]).optional(),
  /** Default: by byte order mark, then UTF-8. */
  encoding: z.string().min(1).optional(),
  csv: csvOptions.optional(),
  json: z
    .strictObject({
      /** Path of keys, dotted, to the array that holds the records; `.` is the text itself. */
      records: z.string().min(1).optional(),
      /** The records are the values of the object there; their key is put under this name. */
      keyed: z.string().min(1).optional(),
    })
    .optional(),
  /** Where a table is in a workbook. */
  xlsx: z
    .strictObject({
      /** Name of the sheet. Default: the first one that is not hidden; `<path>#<sheet>` in the call names it, too. */
      sheet: z.string().min(1).optional(),
      /** Row of the header, from 1. Default: the first row with a filled cell. */
      headerRow: z.int().min(1).optional(),
    })
    .optional(),
  /** Cells and JSON strings that mean "no value"; they become null before any expression sees them. */
  blanks: z.array(z.string()).optional(),
  columns: z.record(z.string(), columnOptions).optional(),
  /** Columns that a table may lack, though an expression reads them. */
  optionalColumns: z.array(z.string().min(1)).optional(),
  /** What an undecodable byte, a NUL, and a NaN or Infinity in JSON cost: `stop` ends the source there, `reject` costs that record. Default stop. */
  badText: z.enum(["stop", "reject"]).optional(),
  /** Largest record in bytes of UTF-8. Default 16 MiB. */
  maxRecordBytes: z.int().min(1).optional(),
});
/** See {@link sourceOptions}. */
export type SourceOptions = z.infer<typeof sourceOptions>;

/** A source may be read in more than one way: a question, with its answers. */
export interface Doubt {
  /** The evidence for and against, in one sentence without the source's name. */
  readonly message: string;
  /** The likeliest first. */
  readonly answers: readonly Answer[];
  /** True where the other answers leave no table: a proposal takes the first without a question. */
  readonly isPlain?: boolean;
}

/** One way to read a source in doubt: what settles it under `source` in the mapping. */
export interface Answer extends Pick<SourceOptions, "csv" | "json" | "xlsx" | "format"> {
  readonly text: string;
}

/** The options with an answer laid over them. */
export function answered(options: SourceOptions, { text: _, ...settled }: Answer): SourceOptions {
  return { ...options, ...settled };
}

/** The line that settles a doubt for good, under `source` in the mapping. */
export function mappingLine({ text: _, ...settled }: Answer): string {
  const lines = Object.entries(settled).map(([key, options]) => {
    if (typeof options === "string") return `${key}: ${options}`;
    const pairs = Object.entries(options ?? {}).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
    return `${key}: { ${pairs.join(", ")} }`;
  });
  return lines.join("\n    ");
}

/** The error of a source in doubt without a terminal to ask at. */
export function doubtError(name: string, { message, answers }: Doubt): SourceError {
  const lines = answers.map((answer) => `    ${mappingLine(answer)}   # ${answer.text}`);
  return new SourceError(name, message, {
    code: "source_in_doubt",
    hint: `Say which under source (or sources.<kind>) in the mapping:\n${lines.join("\n")}`,
  });
}
