import type { Readable } from "node:stream";
import { parse } from "yaml";
import type { Blueprint } from "../blueprint.js";
import { SourceError, UsageError } from "../errors.js";
import { matchResource } from "../init/match-resource.js";
import { type ResourceProposal, tolerated } from "../init/proposal.js";
import { proposeAll } from "../init/propose.js";
import { type WrittenProposal, writeMapping } from "../init/write-mapping.js";
import type { MappingObject } from "../mapping-object.js";
import { type InitOptions, initOptions } from "../options/authoring.js";
import { parseOptions } from "../options/option.js";
import type { Place } from "../record.js";
import { catalogTargets, checkOutputs, findBlueprint, writeFiles } from "./init/files.js";
import { type Surveyed, surveySource, withSources } from "./init/sources.js";
import { lacksTarget, mayBeRefused, type Trial, tryOut } from "./init/trial.js";
import { clientOptionsOf } from "./run/client-options.js";

/** What was proposed. */
export interface Proposed {
  /** The mapping file's text: YAML, with comments that say what was seen. */
  readonly mapping: string;
  /** The same as an object, as a run takes it. */
  readonly mappingObject: MappingObject;
  /** Blueprints made for the sources, targets of relations first; none where one was given. */
  readonly blueprints: readonly Blueprint[];
  readonly questions: readonly string[];
  /** What the proposal made of each source, in lines. */
  readonly tried: readonly { readonly source: string; readonly lines: readonly string[] }[];
  /** Files written. */
  readonly written: readonly string[];
  /** Those of them that held something else before. */
  readonly replaced: readonly string[];
}

/** What a proposal takes from the world around it. */
export interface InitContext {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What `-` reads. */
  readonly stdin?: Readable;
  /** Ends the proposal with its reason; nothing is written then. */
  readonly signal?: AbortSignal;
}

/**
 * Proposes one mapping of sources, with their relations, and a blueprint each where none is given, from all sampled values. The proposal is tried on the
 * sample: what too many values do not fit becomes text, or is left out; what few do not fit is counted and named. Nothing is sent; a catalog is only
 * asked for a blueprint named by its identifier, and with `catalog` for the entities that values name.
 *
 * @throws {UsageError} when a file is in the way, or a blueprint is given for sources of several kinds
 * @throws {SourceError} when a source cannot be read, or holds no record
 */
export async function proposeMapping(given: InitOptions, context: InitContext = {}): Promise<Proposed> {
  const options = parseOptions(initOptions, given);
  const { env = {}, signal } = context;
  await checkOutputs(options);
  const { blueprintName: named } = options;
  if (named !== undefined && options.blueprint !== undefined)
    throw new UsageError("--blueprint-name names a new blueprint, --blueprint one that exists", {
      hint: "Leave one of them out.",
    });
  const blueprint = options.blueprint === undefined ? undefined : await findBlueprint(options.blueprint, env, signal);
  return await withSources(options.sources, { ...context, ignore: options.ignore }, async (sources) => {
    if (blueprint !== undefined && sources.length > 1)
      throw new UsageError("--blueprint fits one source", { hint: "Run init for each source with its blueprint." });
    if (named !== undefined && sources.length > 1)
      throw new UsageError("--blueprint-name fits one source", {
        hint: `Name each by its kind, whose singular its blueprint is called: ${sources.map(({ kind, name }) => `${kind}=${name}`).join(" ")}`,
      });
    const surveyed: Surveyed[] = [];
    const left: string[] = [];
    for (const source of sources) {
      const found = await surveySource(source, options.limit, context);
      if (found === undefined) left.push(`${source.name} holds no table, and is left out; is something wanted of it?`);
      else surveyed.push(named === undefined ? found : { ...found, survey: { ...found.survey, blueprint: named } });
    }
    if (surveyed.length === 0)
      throw new SourceError(sources.map(({ name }) => name).join(", "), "none of its sheets holds a table");
    const surveys = surveyed.map(({ survey }) => survey);
    const catalog = options.catalog
      ? await catalogTargets(surveys, { ...clientOptionsOf({}, env), ...(signal && { signal }) })
      : [];
    const propose = (refused: ReadonlyMap<string, string>): ResourceProposal[] =>
      blueprint === undefined
        ? proposeAll(surveys, catalog, refused)
        : surveys.map((survey) => matchResource(survey, blueprint, refused));
    const { proposals, trials } = await untilItFits(propose, surveyed, {
      limit: options.limit,
      ...(blueprint && { given: blueprint }),
      ...(signal && { signal }),
    });
    const written = proposals.map((proposal): WrittenProposal => {
      const trial = trials.find(({ kind }) => kind === proposal.survey.kind);
      return { ...sourceOf(proposal, surveyed), proposal, ...(trial && { tried: trialLines(trial) }) };
    });
    const mapping = writeMapping(written);
    const made = proposals.flatMap((proposal) => (proposal.made === undefined ? [] : [proposal.made]));
    signal?.throwIfAborted();
    return {
      mapping,
      mappingObject: parse(mapping) as MappingObject,
      blueprints: made,
      questions: [
        ...written.flatMap(({ questions, proposal }) =>
          [...questions, ...proposal.questions].map((question) =>
            written.length === 1 ? question : `${proposal.survey.kind}: ${question}`,
          ),
        ),
        ...left,
      ],
      tried: written.map(({ name, tried = [] }) => ({ source: name, lines: tried })),
      ...(await writeFiles(options, mapping, made)),
    };
  });
}

function sourceOf({ survey }: ResourceProposal, surveyed: readonly Surveyed[]): Surveyed {
  return surveyed.find((each) => each.survey === survey) as Surveyed;
}

/** Rounds of trying a proposal on the sample. */
const maxRounds = 4;

/** Tries a proposal on the sample, and proposes again without what too many values did not fit, until it fits. */
async function untilItFits(
  propose: (refused: ReadonlyMap<string, string>) => ResourceProposal[],
  surveyed: readonly Surveyed[],
  options: Parameters<typeof tryOut>[3],
): Promise<{ readonly proposals: ResourceProposal[]; readonly trials: readonly Trial[] }> {
  const refused = new Map<string, string>();
  for (let round = 1; ; round++) {
    const proposals = propose(refused);
    const text = writeMapping(proposals.map((proposal) => ({ ...sourceOf(proposal, surveyed), proposal })));
    const trials = await tryOut(text, proposals, surveyed, options);
    const before = refused.size;
    for (const { kind, causes } of trials)
      for (const cause of causes) {
        const { field, message, count, of } = cause;
        const isField = /^(?:properties|relations)\./.test(field) && !lacksTarget(cause);
        const key = `${kind} ${field}`;
        if (isField && count > tolerated(of)) refused.set(key, refused.get(key) ?? message);
      }
    if (refused.size === before || round === maxRounds) return { proposals, trials };
  }
}

/** A trial in lines: what is imported, and each cause with its places. */
function trialLines({ read, entities, rejected, blueprint, causes }: Trial): string[] {
  const partly = causes.filter(lacksTarget).reduce((sum, cause) => sum + cause.count, 0);
  const without =
    partly === 0
      ? ""
      : `, ${partly} ${partly === 1 ? "relation without its target" : "relations without their target"}`;
  const unsure = causes
    .filter(({ message }) => message.endsWith(mayBeRefused))
    .reduce((sum, cause) => sum + cause.count, 0);
  const perhaps = unsure === 0 ? "" : `, ${unsure} that Port may refuse`;
  return [
    `tried on the sample: ${read} ${read === 1 ? "record" : "records"}, ${entities} would be imported as "${blueprint}", ${rejected === 0 ? "none" : rejected} rejected${perhaps}${without}`,
    ...causes.map(
      ({ field, message, count: times, of, places }) =>
        `${field === "" ? "" : `${field}: `}${times} of ${of} ${placesText(places, times)}: ${message}`,
    ),
  ];
}

function placesText(places: readonly Place[], count: number): string {
  const [first] = places;
  const word = first?.line === undefined ? "record" : "line";
  const shown = places.map(({ line, position }) => line ?? position).join(", ");
  return `(${word}${places.length === 1 ? "" : "s"} ${shown}${count > places.length ? ", …" : ""})`;
}
