import type { studioOptions } from "../options/authoring.js";
import { openStudio } from "../recipes/studio/session.js";
import { studioActions } from "../studio/actions.js";
import { serveStudio } from "../studio/server.js";
import type { Run } from "./command.js";
import { say } from "./terminal.js";

/** `portload studio`: a page on which a mapping is made by looking, until the command is interrupted. */
export const studio: Run<typeof studioOptions> = async (options, terminal) => {
  const { port, stateDir, apiUrl, ...rest } = options;
  const address = apiUrl === undefined ? {} : { apiUrl };
  const session = await openStudio({ ...rest, ...address }, terminal.env);
  try {
    const actions = studioActions(session, {
      env: terminal.env,
      sources: options.sources,
      ...address,
      ...(stateDir !== undefined && { stateDir }),
    });
    const server = await serveStudio(actions, port);
    await say(terminal, `studio at ${server.url}\nThe address works once. End with Ctrl-C.\n`);
    await interrupted(terminal.signal);
    await server.close();
    return 0;
  } finally {
    await session.close();
  }
};

function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
