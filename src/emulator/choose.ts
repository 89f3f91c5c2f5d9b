/** A JSON Schema with one branch or the other by a test, so that a fault is one of the branch that was meant and not, as with `anyOf`, of the first. */
export function choose(test: object, then: object, otherwise: object): object {
  return { if: test, then, else: otherwise };
}
