import { once } from "node:events";
import type { studioOptions } from "../options/authoring.js";
import { openStudio } from "../recipes/studio/session.js";
import { studioActions } from "../studio/actions.js";
import { serveStudio } from "../studio/server.js";
import type { Run } from "./command.js";
import { say } from "./terminal.js";

/** `portload studio`: a page on which a mapping is made by looking, until the command is interrupted. */
export const studio: Run<typeof studioOptions> = async (options, terminal) => {
  const { sources, mapping, blueprints, port, stateDir, apiUrl } = options;
  const address = apiUrl === undefined ? {} : { apiUrl };
  const given = {
    sources,
    ...address,
    ...(mapping !== undefined && { mapping }),
    ...(blueprints !== undefined && { blueprints }),
  };
  const session = await openStudio(given, terminal.env);
  try {
    const actions = studioActions(session, {
      env: terminal.env,
      sources,
      ...address,
      ...(blueprints !== undefined && { blueprints }),
      ...(stateDir !== undefined && { stateDir }),
    });
    const server = await serveStudio(actions, port);
    await say(terminal, `studio at ${server.url}\nThe address works once. End with Ctrl-C.\n`);
    if (!terminal.signal.aborted) await once(terminal.signal, "abort");
    await server.close();
    return 0;
  } finally {
    await session.close();
  }
};
