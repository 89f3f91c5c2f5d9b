import type { SourceOptions } from "../source-options.js";
import type { BoundSource } from "./bind.js";
import { type Answer, answered, type Doubt, doubtError } from "./doubt.js";
import { type OpenIo, openText, reopenablePath } from "./open.js";
import { type Receipt, receiptOf } from "./receipt.js";
import { sniffText } from "./sniff.js";
import { isWorkbook } from "./xlsx/open-sheet.js";
import { sniffWorkbook } from "./xlsx/xlsx.js";

/** A source about which nothing is in doubt. */
export interface SettledSource {
  /** The options given, with the answers laid over them. */
  readonly options: SourceOptions;
  /** Absent for a source that can be read only once: its receipt comes when it is read. */
  readonly receipt?: Receipt;
  /**
   * Names of the columns of a table, in order, before its first record is read; absent where records have keys of their own, and for a source that can be
   * read only once: `columns` of its receipt, which comes before its first record, names them.
   */
  readonly columns?: readonly string[];
}

/** Asks a person how a source is to be read; undefined when there is no answer. */
export type Ask = (source: string, doubt: Doubt) => Promise<Answer | undefined>;

/**
 * Looks at a source's beginning before it is imported, and asks what is in doubt. A source that can be read only once is left alone.
 *
 * @param ask - absent where nobody can be asked
 * @throws SourceError when the source cannot be opened, or a doubt stays
 */
export async function settleSource(
  source: BoundSource,
  given: SourceOptions,
  io: Pick<OpenIo, "signal"> = {},
  ask?: Ask,
): Promise<SettledSource> {
  if ((await reopenablePath(source, {})) === undefined) return { options: given };
  const settledBy = async (doubt: Doubt, options: SourceOptions): Promise<SourceOptions> => {
    const answer = await ask?.(source.name, doubt);
    if (answer === undefined) throw doubtError(source.name, doubt);
    return answered(options, answer);
  };
  let options = given;
  for (;;) {
    if (await isWorkbook(source, options)) {
      const found = await sniffWorkbook(source, options, io);
      if (!("doubt" in found)) return settled(options, found.receipt);
      options = await settledBy(found.doubt, options);
      continue;
    }
    const opened = await openText(source, options, io);
    try {
      const { text, sniffed } = await sniffText(source.path, opened, options);
      if (!("doubt" in sniffed)) return settled(options, receiptOf(source, text, sniffed, options));
      options = await settledBy(sniffed.doubt, options);
    } finally {
      await opened.blocks.return();
    }
  }
}

function settled(options: SourceOptions, receipt: Receipt): SettledSource {
  const { columns } = receipt;
  return { options, receipt, ...(columns && { columns }) };
}
