import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { sourceQuestions } from "../../src/cli/under-way.js";

const doubt = {
  message: "it may be one or the other",
  answers: [
    { text: "one", csv: { delimiter: ";" } },
    { text: "other", csv: { delimiter: "," } },
  ],
};

/** Asks on a terminal on which a person types a line. */
async function answerTo(typed: string) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const terminal = { env: {}, stdin, stdout: new PassThrough(), stderr, signal: new AbortController().signal };
  stdin.write(`${typed}\n`);
  const answer = await sourceQuestions(terminal, { quiet: false, yes: false }).ask?.("things.csv", doubt);
  return { answer, said: String(stderr.read()) };
}

describe("a question about a source at a terminal", () => {
  it("names the answers with their lines, and takes one by its number", async () => {
    const { answer, said } = await answerTo("2");
    expect(answer).toEqual(doubt.answers[1]);
    expect(said).toContain(
      'things.csv: it may be one or the other\n  1  one   csv: { delimiter: ";" }\n  2  other   csv: { delimiter: "," }\n',
    );
  });

  it.each(["", "3", "0", "yes", "1x"])("takes %j for no answer", async (typed) => {
    expect((await answerTo(typed)).answer).toBeUndefined();
  });

  it("is not put where nobody sits", () => {
    const stdin = new PassThrough();
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    const terminal = { env: {}, stdin, stdout: new PassThrough(), stderr, signal: new AbortController().signal };
    expect(sourceQuestions(terminal, { quiet: false, yes: false }).ask).toBeUndefined();
  });
});
