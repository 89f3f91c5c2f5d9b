import type { CompiledMapping } from "../../map/compile-mapping.js";
import { keysRead } from "../../map/keys-read.js";
import type { Receipt } from "../../read/receipt.js";
import type { ReportOrigin } from "../../report/report.js";
import { withoutSecrets } from "../../state/fingerprint.js";
import type { JournalHeader } from "../../state/journal-lines.js";
import { version } from "../../version.js";
import type { Inputs } from "./inputs.js";

/** What a run's origin is made of. */
export interface OriginFacts {
  readonly command: string;
  readonly commandLine?: readonly string[] | undefined;
  readonly header: Pick<JournalHeader, "fingerprints">;
  readonly mapping: CompiledMapping;
  readonly inputs: Pick<Inputs, "sources" | "recordsOf">;
  /** How each source was read, by its index. */
  readonly receipts: ReadonlyMap<number, Pick<Receipt, "columns">>;
}

/** What an import was made with: for whoever wants to do it again, or asks what was left out. */
export function originOf({ command, commandLine, header, mapping, inputs, receipts }: OriginFacts): ReportOrigin {
  const { sources, target } = header.fingerprints;
  const unmappedColumns = inputs.sources.flatMap(({ index, kind, name }) => {
    const read = keysOfKind(mapping, kind);
    const columns = receipts.get(index)?.columns;
    const unread = read === undefined ? [] : (columns ?? []).filter((column) => !read.has(column));
    return unread.length === 0 ? [] : [{ source: name, columns: unread }];
  });
  return {
    version,
    mapping: mapping.mapping.file,
    target,
    commandLine: commandLineOf(commandLine ?? [command]),
    sources: inputs.sources.map((source) => {
      const bytes = sources[source.index]?.bytes;
      return { name: source.name, ...(bytes !== undefined && { bytes }), records: inputs.recordsOf(source) };
    }),
    unmappedColumns,
  };
}

/** A command line as a shell takes it again; what may be secret in an address is left out. */
export function commandLineOf(words: readonly string[]): string {
  return ["portload", ...words.map((word) => quoted(withoutSecrets(word)))].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The keys that the expressions of a kind's resources read; undefined where one may see the whole record. */
function keysOfKind({ kinds, leaves }: CompiledMapping, kind: string): ReadonlySet<string> | undefined {
  const resources = new Set(kinds.get(kind)?.resources.map(({ resource }) => resource.index));
  const keys = new Set<string>();
  for (const { resource, by, expression } of leaves) {
    if (!resources.has(resource) || by === "constant") continue;
    const read = keysRead(expression);
    if (read === undefined) return undefined;
    for (const key of read) keys.add(key);
  }
  return keys;
}
