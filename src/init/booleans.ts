/** Words for true and false, as a column has them. */
export interface BooleanWords {
  readonly true: string[];
  readonly false: string[];
  /** Values that are one of them. */
  readonly count: number;
  /** True for words that a boolean property understands without being told. */
  readonly isUnderstood: boolean;
}

const pairs: readonly (readonly [string, string, boolean])[] = [
  ["true", "false", true],
  ["yes", "no", true],
  ["y", "n", true],
  ["t", "f", true],
  ["on", "off", true],
  ["ja", "nein", false],
  ["oui", "non", false],
  ["sí", "no", false],
  ["si", "no", false],
  ["sim", "não", false],
  ["vrai", "faux", false],
  ["wahr", "falsch", false],
  ["да", "нет", false],
];

/** The pair of words that most values are; undefined where none is, or where a column holds more words than a pair and a few mistakes. */
export function booleanWords(distinct: ReadonlyMap<string, number>, values: number): BooleanWords | undefined {
  if (distinct.size > 20) return undefined;
  const counts = new Map<string, number>();
  for (const [text, count] of distinct) {
    const word = text.trim().toLowerCase();
    counts.set(word, (counts.get(word) ?? 0) + count);
  }
  const of = (...words: readonly string[]): number => words.reduce((sum, word) => sum + (counts.get(word) ?? 0), 0);
  const understood = of(...pairs.flatMap(([yes, no, isUnderstood]) => (isUnderstood ? [yes, no] : [])));
  if (understood === values) return { true: [], false: [], count: understood, isUnderstood: true };
  const [best] = [...pairs].sort((a, b) => of(b[0], b[1]) - of(a[0], a[1]));
  if (best === undefined || of(best[0], best[1]) === 0) return undefined;
  const [yes, no, isUnderstood] = best;
  return { true: [yes], false: [no], count: of(yes, no), isUnderstood };
}

/** The expression that reads such words where no column format can: it fails on others. */
export function booleanExpression(path: string, { true: yes, false: no }: BooleanWords): string {
  const is = (words: readonly string[]): string => words.map((word) => `. == ${JSON.stringify(word)}`).join(" or ");
  return `${path} | values | ascii_downcase | if ${is(yes)} then true elif ${is(no)} then false else error("neither true nor false") end`;
}
