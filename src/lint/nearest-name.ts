import { nearest } from "../nearest.js";

/** Finds the name that a slip of the pen most likely meant, letters in another order (`teir`) among them. */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  const all = [...names].filter((each) => each !== name);
  return all.find((each) => letters(each) === letters(name)) ?? nearest(name, all);
}

function letters(name: string): string {
  return [...name.toLowerCase()].sort().join("");
}
