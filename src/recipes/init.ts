import type { Blueprint } from "../blueprint.js";
import { checkEntities } from "../check/check.js";
import { SourceError, UsageError } from "../errors.js";
import { matchResource, proposeResource, type ResourceProposal } from "../init/propose-resource.js";
import { recordsPathOf, type Survey, surveyRecords } from "../init/survey.js";
import { type PinnedProposal, writeMapping } from "../init/write-mapping.js";
import { startJq } from "../map/jq.js";
import { compileMapping, mapRecords } from "../map/map.js";
import { parseMapping } from "../map/mapping-file.js";
import { type InitOptions, initOptions } from "../options/authoring.js";
import { parseOptions } from "../options/parse.js";
import { type BoundSource, bindSources } from "../read/bind.js";
import { readSource } from "../read/read.js";
import { type Ask, settleSource } from "../read/settle-source.js";
import type { SourceOptions } from "../source-options.js";
import { findBlueprint, refuseToOverwrite, writeFiles } from "./init-files.js";

/** What was proposed. */
export interface Proposed {
  /** The mapping file's text. */
  readonly mapping: string;
  /** Blueprints made for the sources; none where one was given. */
  readonly blueprints: readonly Blueprint[];
  readonly questions: readonly string[];
  /** Files written. */
  readonly written: readonly string[];
}

/**
 * Proposes a mapping of sources, and a blueprint where none is given, from all sampled values, and tries the proposal on them: what would be refused is
 * taken back to text, or out. Nothing is sent; only a blueprint named by its identifier is asked for.
 *
 * @throws {UsageError} when a file stands in the way, or a blueprint is given for sources of several kinds
 * @throws {SourceError} when a source cannot be read, or holds no record
 */
export async function proposeMapping(
  given: InitOptions,
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Proposed> {
  const options = parseOptions(initOptions, given);
  await refuseToOverwrite(options);
  const blueprint = options.blueprint === undefined ? undefined : await findBlueprint(options.blueprint, env);
  const sources = await bindKinds(options.sources);
  if (blueprint !== undefined && sources.length > 1)
    throw new UsageError("--blueprint fits one source", { hint: "Run init for each source with its blueprint." });
  const surveyed: Surveyed[] = [];
  for (const source of sources) surveyed.push(await surveySource(source, options.limit));
  const propose = (refused: ReadonlyMap<string, string>): PinnedProposal[] =>
    surveyed.map((each) => ({
      ...each,
      proposal:
        blueprint === undefined
          ? proposeResource(each.survey, refused)
          : matchResource(each.survey, blueprint, refused),
    }));
  const proposals = await untilNoneIsRefused(propose, surveyed, blueprint, options.limit);
  const mapping = writeMapping(proposals);
  const made = proposals.flatMap(({ proposal }) => (proposal.made === undefined ? [] : [proposal.made]));
  const questions = proposals.flatMap(({ proposal }) => proposal.questions);
  return { mapping, blueprints: made, questions, written: await writeFiles(options, mapping, made) };
}

interface Surveyed {
  readonly bound: BoundSource;
  readonly survey: Survey;
  readonly source: SourceOptions;
  readonly name: string;
  readonly isPart: boolean;
}

/** Every source is a kind of its own, named after its file. */
async function bindKinds(args: readonly string[]): Promise<readonly BoundSource[]> {
  const bound: BoundSource[] = [];
  for (const arg of args) {
    const [, named, path] = /^([\w.-]+)=(.+)$/.exec(arg) ?? [];
    const { sources } = await bindSources([path ?? arg], [named ?? "records"]);
    for (const source of sources) {
      const base = source.name.split(/[\\/]/).at(-1)?.split(".")[0];
      const kind = named ?? (source.path === "-" || !base ? "records" : base);
      bound.push({ ...source, index: bound.length, kind });
    }
  }
  const twice = bound.find(({ kind }, index) => bound.findIndex((other) => other.kind === kind) < index);
  if (twice !== undefined)
    throw new UsageError(`two sources are of the kind ${twice.kind}`, { hint: "Name their kinds: <kind>=<path>." });
  if (bound.some(({ path }) => path === "-"))
    throw new UsageError("init reads its sources more than once, so that stdin cannot be one");
  return bound;
}

async function surveySource(bound: BoundSource, limit: number): Promise<Surveyed> {
  const { options, receipt } = await settleReading(bound);
  const { name } = bound;
  const encoding = receipt?.encoding.toLowerCase();
  const dialect = receipt?.dialect;
  const csv =
    dialect === undefined
      ? undefined
      : {
          header: true,
          skipLines: 0,
          ...options.csv,
          delimiter: dialect.delimiter,
          quote: dialect.quote ?? (false as const),
        };
  let source: SourceOptions = {
    ...options,
    ...(receipt && { format: receipt.format }),
    ...(encoding !== undefined && { encoding }),
    ...(csv && { csv }),
  };
  if (receipt?.format === "json") source = { ...source, ...(await recordsOf(bound, source)) };
  const survey = await surveyRecords(bound.kind, readSource(bound, source, { limit: limit + 1 }));
  if (survey.records === 0)
    throw new SourceError(name, "holds no record that can be read", {
      hint: "init proposes from values; give it a sample.",
    });
  return { bound, survey, source, name, isPart: survey.records > limit };
}

/** What is in doubt takes its likeliest answer; what is no UTF-8 is read as windows-1252. */
async function settleReading(bound: BoundSource): ReturnType<typeof settleSource> {
  const likeliest: Ask = async (_, { answers }) => answers[0];
  try {
    for await (const _ of readSource(bound, (await settleSource(bound, {}, {}, likeliest)).options));
    return await settleSource(bound, {}, {}, likeliest);
  } catch (error) {
    if (!(error instanceof SourceError) || !/UTF-8/.test(error.message)) throw error;
    return settleSource(bound, { encoding: "windows-1252" }, {}, likeliest);
  }
}

/** A JSON text that is one object holds its records at some path. */
async function recordsOf(bound: BoundSource, source: SourceOptions): Promise<Pick<SourceOptions, "json">> {
  const values: unknown[] = [];
  for await (const { items } of readSource(bound, source, { limit: 2 }))
    values.push(...items.map(({ value }) => value));
  const path = values.length === 1 ? recordsPathOf(values[0]) : undefined;
  return path === undefined ? {} : { json: { records: path.join(".") } };
}

/** Rounds of trying a proposal on the sample. */
const maxRounds = 3;

async function untilNoneIsRefused(
  propose: (refused: ReadonlyMap<string, string>) => PinnedProposal[],
  surveyed: readonly Surveyed[],
  blueprint: Blueprint | undefined,
  limit: number,
): Promise<PinnedProposal[]> {
  const refused = new Map<string, string>();
  let proposals = propose(refused);
  for (let round = 0; round < maxRounds; round++) {
    const found = await tryOut(proposals, surveyed, blueprint, limit);
    if ([...found.keys()].every((path) => refused.has(path))) break;
    for (const [path, why] of found) refused.set(path, why);
    proposals = propose(refused);
  }
  return proposals;
}

/** Maps and checks the sample by the proposal: the fields that were refused, with the first reason of each. */
async function tryOut(
  proposals: readonly PinnedProposal[],
  surveyed: readonly Surveyed[],
  given: Blueprint | undefined,
  limit: number,
): Promise<ReadonlyMap<string, string>> {
  const refused = new Map<string, string>();
  const engine = startJq();
  try {
    const compiled = await compileMapping(parseMapping(writeMapping(proposals), "the proposal"), engine);
    const blueprints = new Map(
      proposals.map(({ proposal }: { readonly proposal: ResourceProposal }) => [
        proposal.blueprint,
        proposal.made ?? (given as Blueprint),
      ]),
    );
    for (const { bound, source, name } of surveyed) {
      const candidates = mapRecords(compiled, bound.kind, name)(readSource(bound, source, { limit }));
      for await (const { rejects } of checkEntities(blueprints, { mode: "merge", createMissing: false })(candidates))
        for (const reject of rejects)
          for (const { path = "", message } of [reject, ...(reject.also ?? [])]) {
            const field = /(?:^|\.mappings\.)((?:properties|relations)\..+)$/.exec(path)?.[1];
            if (field !== undefined && !refused.has(field)) refused.set(field, message);
          }
    }
  } finally {
    await engine.close();
  }
  return refused;
}
