import { SourceError } from "../errors.js";
import type { SourceOptions } from "../source-options.js";

/** How a CSV is written may be read in more than one way: a question, with its answers. */
export interface Doubt {
  /** What speaks for and against, in one sentence without the source's name. */
  readonly message: string;
  /** The likeliest first. */
  readonly answers: readonly Answer[];
}

/** One way to read a source in doubt. */
export interface Answer {
  readonly text: string;
  /** What settles it under `source.csv` in the mapping. */
  readonly csv: NonNullable<SourceOptions["csv"]>;
}

/** The line that settles a doubt for good, under `source` in the mapping. */
export function mappingLine({ csv }: Answer): string {
  const pairs = Object.entries(csv).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `csv: { ${pairs.join(", ")} }`;
}

/** The error of a source in doubt where nobody can be asked. */
export function doubtError(name: string, { message, answers }: Doubt): SourceError {
  const lines = answers.map((answer) => `    ${mappingLine(answer)}   # ${answer.text}`);
  return new SourceError(name, message, {
    hint: `Say which under source (or sources.<kind>) in the mapping:\n${lines.join("\n")}`,
  });
}
