import { getManyValues, isMany, none } from "stream-chain/defs.js";
import { jsonParser, type Token } from "stream-json/core/parser.js";

export type { Token };

/** Takes text piece by piece and gives the tokens that are complete; throws an Error without position on a syntax error. */
export interface Tokenizer {
  (text: string): readonly Token[];
  /** The last tokens; throws when the text is not complete. */
  end(): readonly Token[];
}

/** Makes stream-json's parser with packed tokens only, for one JSON text after another. M: twice as fast as with its streamed ones. */
export function tokenizer(): Tokenizer {
  const parse = jsonParser({ packValues: true, streamValues: false, jsonStreaming: true }) as (
    text: string | typeof none,
  ) => unknown;
  const tokensOf = (result: unknown): readonly Token[] => {
    if (result === none) return [];
    return isMany(result) ? (getManyValues(result) as Token[]) : [result as Token];
  };
  return Object.assign((text: string) => tokensOf(parse(text)), { end: () => tokensOf(parse(none)) });
}
