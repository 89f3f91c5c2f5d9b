import type { initOptions } from "../options/authoring.js";
import { proposeMapping } from "../recipes/init.js";
import type { Run } from "./command.js";
import { print, printJson, say } from "./terminal.js";

/** `portload init`: a mapping to begin with. */
export const init: Run<typeof initOptions> = async (options, terminal, { output, quiet }) => {
  const { env, stdin, signal } = terminal;
  const proposed = await proposeMapping(options, { env, stdin, signal });
  const { mapping, blueprints, questions, tried, written } = proposed;
  if (output === "json") await printJson(terminal, `${JSON.stringify(proposed)}\n`);
  else if (options.out === undefined) await print(terminal, mapping);
  if (quiet || output === "json") return 0;
  const lines = [
    ...tried.flatMap(({ source, lines: made }) =>
      made.map((line, index) => (index === 0 ? `${source}: ${line}` : `  ${line}`)),
    ),
    ...written.map((file) => `wrote ${file}`),
    ...questions.map((question) => `? ${question}`),
    ...(options.blueprintsOut === undefined && blueprints.length > 0
      ? ["a blueprint that fits is written with --blueprints-out DIR"]
      : []),
  ];
  await say(terminal, lines.map((line) => `${line}\n`).join(""));
  return 0;
};
