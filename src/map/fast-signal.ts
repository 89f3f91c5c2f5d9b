/** What the evaluation of an expression gives in place of a value; never seen outside of it. */
export class Signal {}

/** No output, as of `empty`. */
export const none = new Signal();

/** Where jq and JavaScript might differ, or the expression fails in words that are jq's to find: jq is asked for this record. */
export const ask = new Signal();

/** The expression fails, with jq's message. */
export class Failure extends Signal {
  readonly message: string;
  constructor(message: string) {
    super();
    this.message = message;
  }
}

/** Evaluates on one input: a value or a {@link Signal}. */
export type Evaluate = (input: unknown) => unknown;
