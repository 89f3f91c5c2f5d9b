import { countResults, formatResults } from "../mapping-test/results.js";
import type { testOptions } from "../options/authoring.js";
import { testMappings } from "../recipes/mapping-test.js";
import { formatCount } from "../report/words.js";
import type { Run } from "./command.js";
import { print, printJson, say } from "./terminal.js";

/** `portload test`: the tests beside the mappings. */
export const test: Run<typeof testOptions> = async (options, terminal, { output, quiet }) => {
  const files = await testMappings(options);
  const { passed, failed, updated } = countResults(files);
  if (output === "json")
    await printJson(terminal, `${JSON.stringify({ schemaVersion: 1, passed, failed, updated, files })}\n`);
  else if (!quiet || failed > 0) await print(terminal, formatResults(files));
  const rewritten = updated === 0 ? "" : `, ${updated} rewritten`;
  if (!quiet)
    await say(
      terminal,
      `${formatCount(passed + failed + updated, "test")}: ${passed} passed, ${failed} failed${rewritten}\n`,
    );
  return failed > 0 ? 1 : 0;
};
