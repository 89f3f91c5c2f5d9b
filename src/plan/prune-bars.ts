/** What a run knows when its prune is due. */
export interface PruneFacts {
  /** Records and entities rejected, whichever stage refused them. */
  readonly rejected: number;
  /** Sentences about sources without a record. */
  readonly emptySources: readonly string[];
  /** Sources that changed while they were read. */
  readonly changedSources: readonly string[];
  /** The blueprints to prune. */
  readonly blueprints: readonly {
    readonly blueprint: string;
    /** Entities that the sources gave. */
    readonly mapped: number;
    /** Kinds that write the blueprint and got no source. */
    readonly kindsWithoutSource: readonly string[];
    /** Entities named by a search: which ones they are is not known here. */
    readonly searched: number;
    /** The first entity that is outside of what its resource says it owns. */
    readonly stranger?: string;
  }[];
}

/** The reasons why nothing may be deleted after all, as sentences: when any of them holds, absence from the sources proves nothing. */
export function pruneBars({ rejected, emptySources, changedSources, blueprints }: PruneFacts): readonly string[] {
  const bars: string[] = [];
  if (rejected > 0)
    bars.push(`${rejected} ${rejected === 1 ? "record or entity was" : "records or entities were"} rejected`);
  bars.push(...emptySources);
  for (const source of changedSources) bars.push(`${source} changed while it was read`);
  for (const { blueprint, mapped, kindsWithoutSource, searched, stranger } of blueprints) {
    if (kindsWithoutSource.length > 0)
      bars.push(`${blueprint} is written by ${kindsWithoutSource.join(", ")}, and no source was given for it`);
    else if (mapped === 0) bars.push(`the sources give no entity of ${blueprint}`);
    if (searched > 0)
      bars.push(`${searched} of ${blueprint} are named by a search, so which ones they are is not known`);
    if (stranger !== undefined) bars.push(`${blueprint} ${stranger} is not what its resource owns (prune.where)`);
  }
  return bars;
}
