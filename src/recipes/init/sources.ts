import { createWriteStream } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SourceError, UsageError } from "../../errors.js";
import { optionsOfSource, type Source } from "../../given-source.js";
import type { FieldStats } from "../../init/field-stats.js";
import { pathExpression } from "../../init/names.js";
import { proposeTitle } from "../../init/propose-identifier.js";
import { itemKey, listKey, type Survey, surveyRecords } from "../../init/survey.js";
import { type BoundSource, bindSources } from "../../read/bind.js";
import { isUrl } from "../../read/fetch.js";
import { extensionOf, extensions } from "../../read/format.js";
import { openBytes } from "../../read/open.js";
import { type Ask, readSource, settleSource } from "../../read/read.js";
import { isWorkbook, openSheet } from "../../read/xlsx/open-sheet.js";
import { mappingLine, type SourceOptions } from "../../source-options.js";
import { makeWorkingFolder } from "../../state/working-folder.js";
import { encodingOf, recordsOf, signalOf } from "./reading.js";

/** A source that was read to the end of the sample. */
export interface Surveyed {
  readonly bound: BoundSource;
  readonly survey: Survey;
  /** The options to read the source the same way: what was in doubt, and what is not the default. */
  readonly source: SourceOptions;
  readonly name: string;
  /** True when there are more records than were looked at. */
  readonly isPart: boolean;
  readonly questions: readonly string[];
}

/** What sources are opened with. */
export interface SourceIo {
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
}

/**
 * Binds each source to a kind of its own, named after its file. What can be read only once (stdin, a FIFO, an address) is copied to a private folder first.
 *
 * @param use - called with the sources; the copies are removed afterwards
 * @throws {UsageError} when two sources are of one kind
 */
export async function withSources<T>(
  args: readonly Source[],
  io: SourceIo & { readonly ignore: readonly string[] },
  use: (sources: readonly NamedSource[]) => Promise<T>,
): Promise<T> {
  const bound = await bindKinds(args, io.ignore);
  const folder = await makeWorkingFolder("init");
  try {
    const sources: NamedSource[] = [];
    for (const source of bound) sources.push(...(await sheetsOf(await reopenable(source, folder, io))));
    const twice = sources.find(({ kind }, index) => sources.findIndex((other) => other.kind === kind) < index);
    if (twice !== undefined)
      throw new UsageError(`two sources are of the kind ${twice.kind}`, { hint: "Name their kinds: <kind>=<path>." });
    return await use(sources.map((source, index) => ({ ...source, index })));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A source, and whether the call named its kind. */
interface NamedSource extends BoundSource {
  readonly isNamed: boolean;
  /** True for a sheet that only its workbook was named for. */
  readonly isOfBook?: boolean;
}

async function bindKinds(args: readonly Source[], ignore: readonly string[]): Promise<readonly NamedSource[]> {
  const bound: NamedSource[] = [];
  for (const arg of args) {
    const [, prefix, path] = typeof arg === "string" ? (/^([\w.-]+)=(.+)$/s.exec(arg) ?? []) : [];
    const named = prefix ?? (typeof arg === "string" ? undefined : arg.kind);
    const { sources } = await bindSources([path ?? arg], [named ?? "records"], ignore);
    for (const source of sources)
      bound.push({ ...source, index: bound.length, kind: named ?? kindOf(source), isNamed: named !== undefined });
  }
  return bound;
}

/** Each visible sheet of a workbook is a source, of the kind with its name; a kind that the call names stays a question. */
async function sheetsOf(source: NamedSource): Promise<readonly NamedSource[]> {
  if (source.isNamed || source.sheet !== undefined || !(await isWorkbook(source, {}))) return [source];
  const opened = await openSheet(source, {});
  if (!("doubt" in opened)) {
    await opened.close();
    return [source];
  }
  return opened.doubt.answers.flatMap(({ xlsx }) =>
    xlsx?.sheet === undefined
      ? []
      : [{ ...source, kind: xlsx.sheet, sheet: xlsx.sheet, name: `${source.name}#${xlsx.sheet}`, isOfBook: true }],
  );
}

function kindOf({ path, sheet, given }: BoundSource): string {
  if (sheet !== undefined) return sheet;
  if (given?.name !== undefined) return given.name;
  const last = isUrl(path) ? decodeURIComponent(new URL(path).pathname) : path;
  const base = basename(last).split(".")[0];
  return path === "-" || !base || /^\/(?:dev|proc)\//.test(path) ? "records" : base;
}

async function reopenable(source: NamedSource, folder: string, { stdin, signal }: SourceIo): Promise<NamedSource> {
  if (!isUrl(source.path) && source.path !== "-" && (await stat(source.path)).isFile()) return source;
  const { given } = source;
  const named = given === undefined ? source.path : `${source.kind}.${optionsOfSource({ given }, {}).format}`;
  const last = isUrl(named) ? new URL(named).pathname : named;
  const known = extensions[extensionOf(last)] === undefined ? "source" : basename(last);
  await mkdir(join(folder, String(source.index)), { mode: 0o700 });
  const path = join(folder, String(source.index), known);
  let bytes = 0;
  const count = new Transform({
    transform(block: Buffer, _, done) {
      bytes += block.length;
      done(null, block);
    },
  });
  await pipeline(
    openBytes(source, { ...(stdin && { stdin }), ...(signal && { signal }) }),
    count,
    createWriteStream(path, { mode: 0o600 }),
  );
  if (bytes === 0) throw new SourceError(source.name, "is empty: it has no byte", { hint: emptyHint(source) });
  const { given: _, ...copied } = source;
  return { ...copied, path };
}

function emptyHint({ path }: BoundSource): string {
  return path === "-"
    ? "Pipe the data into init: … | portload init -"
    : "It can be read only once; was it read before?";
}

/**
 * Reads a source to the end of the sample, and finds out what must be said so that it is read again the same way.
 *
 * @returns undefined for a sheet of a workbook that holds no table: nobody asked for it
 */
export async function surveySource(bound: NamedSource, limit: number, io: SourceIo): Promise<Surveyed | undefined> {
  try {
    return await survey(bound, limit, io);
  } catch (error) {
    if (bound.isOfBook === true && error instanceof SourceError) return undefined;
    throw error;
  }
}

async function survey(bound: NamedSource, limit: number, io: SourceIo): Promise<Surveyed> {
  const isSheet = await isWorkbook(bound, {});
  const encoding = isSheet ? { source: {}, questions: [] } : await encodingOf(bound, limit, io);
  try {
    return await surveyAs(bound, encoding, limit, io);
  } catch (error) {
    const isOfOneRecord = error instanceof SourceError && error.isOfOneRecord;
    if (!isOfOneRecord || encoding.source.badText !== undefined) throw error;
    const what = error.message.replace(`${bound.name}: `, "");
    const question = `it ${what}. badText: reject, written here, costs such records alone; is it a mistake of the export?`;
    const source = { ...encoding.source, badText: "reject" } as const;
    return await surveyAs(bound, { source, questions: [...encoding.questions, question] }, limit, io);
  }
}

/** Surveys a source, read with the given options and with answers to what else is in doubt. */
async function surveyAs(
  bound: NamedSource,
  given: { readonly source: SourceOptions; readonly questions: readonly string[] },
  limit: number,
  io: SourceIo,
): Promise<Surveyed> {
  const questions = [...given.questions];
  const { options, receipt } = await settleSource(bound, given.source, signalOf(io), likeliest(questions));
  let source: SourceOptions = receipt === undefined ? options : { ...options, ...formatOf(bound, receipt.format) };
  if (receipt?.format === "json" || receipt?.format === "yaml") {
    const { json, question } = await recordsOf(bound, source, io);
    if (json !== undefined) source = { ...source, json };
    if (question !== undefined) questions.push(question);
  }
  if (bound.isOfBook === true && bound.sheet !== undefined)
    source = { ...source, xlsx: { ...source.xlsx, sheet: bound.sheet } };
  let survey = await surveyRecords(bound.kind, readSource(bound, source, { limit, ...signalOf(io) }));
  const isText = receipt?.format === "csv" || receipt?.format === "tsv";
  if (isText && source.csv?.trim === undefined && survey.fields.some(isPadded)) {
    const trimmed = { ...source, csv: { ...source.csv, trim: true } };
    const again = await surveyRecords(bound.kind, readSource(bound, trimmed, { limit, ...signalOf(io) }));
    // What is within quotes is left to the expressions.
    if (again.fields.filter(isPadded).length < survey.fields.filter(isPadded).length)
      [source, survey] = [trimmed, again];
  }
  const items = proposeTitle(survey, undefined) === undefined ? listKey(survey) : undefined;
  if (items !== undefined) {
    const each = await surveyRecords(bound.kind, readSource(bound, source, { limit, ...signalOf(io) }), items);
    const inItems = each.fields.filter(({ path, name }) => path.length > name.length).length;
    if (inItems > each.fields.length / 2) {
      survey = each;
      questions.push(
        `is each element of ${pathExpression([items])} an entity? Its records are little more than that list. To make an entity of each record, delete itemsToParse and every line with .${itemKey}`,
      );
    }
  }
  if (survey.records === 0)
    throw new SourceError(
      bound.name,
      `holds no record that can be read${survey.why === undefined ? "" : `: ${survey.why}`}`,
      {
        hint: "init proposes from values; give it a sample.",
      },
    );
  const isPart = survey.records + survey.refused.length >= limit && (await hasMore(bound, source, limit, io));
  return { bound, survey, source, name: bound.name, isPart, questions };
}

/** True for a column of words, some with white space around them, as systems that pad to a width write them: it is not part of the value. */
function isPadded({ spaced, words, values }: FieldStats): boolean {
  return spaced > 0 && words > values / 2;
}

async function hasMore(bound: BoundSource, source: SourceOptions, limit: number, io: SourceIo): Promise<boolean> {
  let read = 0;
  for await (const { tally } of readSource(bound, source, { limit: limit + 1, ...signalOf(io) })) read += tally.read;
  return read > limit;
}

/** The format is given where the name does not say it. */
function formatOf({ path }: BoundSource, format: NonNullable<SourceOptions["format"]>): SourceOptions {
  return extensions[extensionOf(path)] === format ? {} : { format };
}

/** Takes the likeliest answer to a doubt, and keeps it as a question. */
function likeliest(questions: string[]): Ask {
  return async (_, { message, answers, isPlain }) => {
    const [first, ...others] = answers;
    if (first === undefined || isPlain === true) return first;
    const rest = others.map((answer) => `${mappingLine(answer)} for ${answer.text}`).join("; ");
    questions.push(`${message}; taken as: ${first.text} (written under source). Is that right? Else ${rest}`);
    return first;
  };
}
