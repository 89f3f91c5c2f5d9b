import type { SourceRecord } from "../record.js";
import type { Finding, Reject } from "../reject.js";
import type { BoundResource } from "./bind.js";

/** The one reject of a candidate: the first finding leads, the others stand in `also`. */
export function rejectOf(
  bound: BoundResource,
  record: SourceRecord,
  item: number,
  findings: readonly Finding[],
  known: { readonly blueprint?: unknown; readonly identifier?: unknown } = {},
): Reject {
  const [first, ...also] = findings as [Finding, ...Finding[]];
  const { blueprint = bound.compiled.resource.blueprint, identifier } = known;
  return {
    ...first,
    stage: "map",
    at: record.at,
    ...(record.span === undefined ? {} : { span: record.span }),
    resource: bound.compiled.resource.index,
    item,
    ...(typeof blueprint === "string" && blueprint !== "" ? { blueprint } : {}),
    ...(typeof identifier === "string" && identifier !== "" ? { identifier } : {}),
    ...(also.length > 0 ? { also } : {}),
  };
}
