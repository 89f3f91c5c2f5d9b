import { isLoopback } from "../loopback.js";

/** Addresses of Port's API, and of the application that shows what it holds. */
const applications: Readonly<Record<string, string>> = {
  "api.port.io": "https://app.port.io",
  "api.us.port.io": "https://app.us.port.io",
  "api.getport.io": "https://app.getport.io",
  "api.us.getport.io": "https://app.us.getport.io",
};

/**
 * Where a person looks at an entity: in Port's application, or on the catalog page that an API on this machine has at its root, where a blueprint has a page, too.
 * Undefined for an address that is neither, where nothing is known.
 *
 * @param target - base address of the API
 */
export function entityAddress(target: string | undefined, blueprint: string, identifier?: string): string | undefined {
  if (target === undefined || !URL.canParse(target)) return undefined;
  const { hostname, origin } = new URL(target);
  const [of, name] = [encodeURIComponent(blueprint), identifier === undefined ? "" : encodeURIComponent(identifier)];
  if (isLoopback(hostname)) return `${origin}/catalog/${of}${name && `/${name}`}`;
  const application = Object.hasOwn(applications, hostname) ? applications[hostname] : undefined;
  if (application === undefined) return undefined;
  return identifier === undefined ? undefined : `${application}/${of}Entity?identifier=${name}`;
}
