/** Imports what a paginated API holds: each page is asked for when the one before is used up. */
import { runImport } from "portload";

/** @type {import("portload").MappingObject} */
const mapping = {
  resources: [
    {
      kind: "services",
      // Records that are no service any more are left out.
      selector: { query: ".archived | not" },
      port: {
        entity: {
          mappings: {
            identifier: ".slug",
            blueprint: '"service"',
            title: ".display_name",
            properties: { url: ".links.home", language: ".language" },
          },
        },
      },
    },
  ],
};

/**
 * The items of all pages, one after the other.
 *
 * @param {string | undefined} url - of the first page
 * @param {AbortSignal} [signal]
 */
export async function* itemsOf(url, signal) {
  for (let next = url; next !== undefined; ) {
    const reply = await fetch(next, signal ? { signal } : {});
    // What is thrown here ends the import, and is its `error`; the report accounts for what was read before.
    if (!reply.ok) throw new Error(`${next} answered ${reply.status}`);
    const page = /** @type {{ items: object[], next?: string }} */ (await reply.json());
    yield* page.items;
    next = page.next;
  }
}

/**
 * Imports all services.
 *
 * @param {string} url - of the first page
 * @param {Readonly<Record<string, string | undefined>>} env - holds PORT_CLIENT_ID and PORT_CLIENT_SECRET
 * @param {AbortSignal} [signal] - ends the import early, with a report
 */
export async function importServices(url, env, signal) {
  return runImport(
    { sources: { services: itemsOf(url, signal) }, mapping, stateDir: false },
    {
      env,
      ...(signal && { signal }),
      onProgress: ({ read, written }) => console.error(`${read} read, ${written} written`),
    },
  );
}
