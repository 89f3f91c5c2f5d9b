import { once } from "node:events";
import type { studioOptions } from "../options/authoring.js";
import { findStart, type Offers, type Picked } from "../recipes/studio/begin.js";
import { openStudio, type StudioSession } from "../recipes/studio/session.js";
import { type StudioActions, studioActions } from "../studio/actions.js";
import { serveStudio } from "../studio/server.js";
import type { Run } from "./command.js";
import { say } from "./terminal.js";

/** `portload studio`: a page on which a mapping is made by looking, until the command is interrupted. */
export const studio: Run<typeof studioOptions> = async (options, terminal) => {
  const { mapping, blueprints, port, stateDir, apiUrl } = options;
  const shared = {
    ...(apiUrl !== undefined && { apiUrl }),
    ...(blueprints !== undefined && { blueprints }),
  };
  const opened: StudioSession[] = [];
  const open = async (picked: Picked): Promise<StudioActions> => {
    const session = await openStudio({ ...shared, ...picked }, terminal.env);
    opened.push(session);
    return studioActions(session, {
      ...{ ...shared, env: terminal.env, sources: picked.sources },
      ...(stateDir !== undefined && { stateDir }),
    });
  };
  const named = { sources: options.sources, ...(mapping !== undefined && { mapping }) };
  const start: Picked | { readonly offers: Offers } = options.sources.length > 0 ? named : await findStart(mapping);
  try {
    const server = await serveStudio("offers" in start ? { ...start, open } : await open(start), port);
    await say(
      terminal,
      `${foundLine(start, options.sources.length > 0)}studio at ${server.url}\nThe address works once. End with Ctrl-C.\n`,
    );
    if (!terminal.signal.aborted) await once(terminal.signal, "abort");
    await server.close();
    return 0;
  } finally {
    for (const session of opened) await session.close();
  }
};

/** What was taken where nothing was named. */
function foundLine(start: Picked | { readonly offers: Offers }, isNamed: boolean): string {
  if (isNamed) return "";
  if ("offers" in start) return "No source is named: choose on the page among those of this folder.\n";
  const { sources, mapping } = start;
  const by = mapping === undefined ? "a mapping is proposed" : `by ${mapping}`;
  return `Found here: ${sources.join(", ")}; ${by}.\n`;
}
