import { z } from "zod";

/** Schema of a whole number within bounds, both included; whatever else is given is told the bounds. */
export function wholeNumber(min: number, max?: number): z.ZodInt {
  const error = `is a whole number from ${min}${max === undefined ? "" : ` to ${max}`}`;
  const schema = z.int({ error }).min(min, { error });
  return max === undefined ? schema : schema.max(max, { error });
}
