/** Longest name that is compared; longer ones are not typing mistakes. */
const maxComparedCharacters = 100;

/**
 * Finds the name that a typing mistake most likely meant: the same except for case, the same letters in another order (`teir`), or at most a third of its
 * characters changed; the first of equals.
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const letters = sortedLetters(name);
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    if (candidate === name) continue;
    if (Math.max(candidate.length, name.length) > maxComparedCharacters) continue;
    if (Math.abs(candidate.length - name.length) >= least) continue;
    const lower = candidate.toLowerCase();
    const isSwapped = lower !== wanted && sortedLetters(candidate) === letters;
    const distance = isSwapped ? 1 : editDistance(wanted, lower);
    if (distance < least && distance < name.length) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

function sortedLetters(name: string): string {
  return [...name.toLowerCase()].sort().join("");
}

/** Insertions, deletions and changes between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let line = 1; line <= a.length; line++) {
    const next = [line];
    for (let column = 1; column <= b.length; column++) {
      const change = (row[column - 1] ?? 0) + (a[line - 1] === b[column - 1] ? 0 : 1);
      next.push(Math.min(change, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** "; did you mean …?" when a name is near, else nothing. */
export function didYouMean(name: string, names: Iterable<string>): string {
  const near = nearest(name, names);
  return near === undefined ? "" : `; did you mean "${near}"?`;
}
