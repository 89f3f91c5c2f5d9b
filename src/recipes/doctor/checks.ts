import { readFile } from "node:fs/promises";
import type { Client } from "../../api/client.js";
import { lookAtCertificate, proxyFor } from "../../api/connection.js";
import { isCountBody } from "../../api/reply-parts.js";
import { MappingError } from "../../errors.js";
import { parseMapping } from "../../map/mapping-file.js";

/** One thing that the doctor looked at. */
export interface Check {
  /** One word: address, proxy, tls, token, limits, clock, blueprint … */
  readonly name: string;
  /** `fault`: an import cannot work; `warning`: it may; `note`: nothing was looked at. */
  readonly is: "ok" | "warning" | "fault" | "note";
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** Makes checks of one name. */
export function checksOf(name: string) {
  const make =
    (is: Check["is"]) =>
    (message: string, hint?: string): Check => ({ name, is, message, ...(hint !== undefined && { hint }) });
  return { ok: make("ok"), warning: make("warning"), fault: make("fault"), note: make("note") };
}

type CheckEnv = Readonly<Record<string, string | undefined>>;

/** Reports what lies between this machine and the API: address, proxy, private authorities, certificate. Sends no request. */
export async function checkNetwork(apiUrl: string, fromFlag: boolean, env: CheckEnv): Promise<readonly Check[]> {
  const proxy = checksOf("proxy");
  const chosen = proxyFor(apiUrl, env);
  return [
    checkAddress(apiUrl, fromFlag, env),
    chosen === undefined ? proxy.ok("none") : proxy.ok(`${chosen.address}, by ${chosen.from}`),
    ...(await checkAuthorities(env)),
    await checkCertificate(apiUrl, chosen !== undefined),
  ];
}

/** @source API reference, "Base URL", and the older names of the hosts */
const regions = new Map([
  ["api.port.io", "EU"],
  ["api.getport.io", "EU, by its older name"],
  ["api.us.port.io", "US"],
  ["api.us.getport.io", "US, by its older name"],
]);

function checkAddress(apiUrl: string, fromFlag: boolean, env: CheckEnv): Check {
  const { ok, warning } = checksOf("address");
  const from = fromFlag
    ? "--api-url"
    : env.PORT_API_URL
      ? "PORT_API_URL"
      : env.PORT_BASE_URL
        ? "PORT_BASE_URL"
        : env.PORT_REGION
          ? "PORT_REGION"
          : "default";
  const { hostname, pathname, protocol } = new URL(apiUrl);
  const region = regions.get(hostname);
  const address = `${apiUrl} (${region === undefined ? "an address of your own" : `region ${region}`}), from ${from}`;
  if (region !== undefined && pathname !== "/v1") return warning(address, "Port's API lies under /v1.");
  if (region !== undefined && protocol !== "https:") return warning(address, "Write it with https://.");
  return ok(address);
}

/** Node reads the file when it starts, and prints one line when it cannot. */
async function checkAuthorities({
  NODE_EXTRA_CA_CERTS: file,
  NODE_TLS_REJECT_UNAUTHORIZED,
}: CheckEnv): Promise<Check[]> {
  const { ok, warning, fault } = checksOf("authorities");
  const checks: Check[] = [];
  if (file) {
    const count = await readFile(file, "utf8").then(
      (text) => text.match(/-----BEGIN (TRUSTED )?CERTIFICATE-----/g)?.length ?? 0,
      (error: NodeJS.ErrnoException) => error,
    );
    if (typeof count !== "number")
      checks.push(
        fault(`NODE_EXTRA_CA_CERTS names ${file}, which cannot be read (${count.code})`, "Correct its path."),
      );
    else if (count === 0)
      checks.push(fault(`NODE_EXTRA_CA_CERTS names ${file}, which holds no certificate`, "It must be a PEM file."));
    else checks.push(ok(`NODE_EXTRA_CA_CERTS adds ${count} from ${file}`));
  }
  if (NODE_TLS_REJECT_UNAUTHORIZED === "0")
    checks.push(
      warning("NODE_TLS_REJECT_UNAUTHORIZED is 0: any server is believed", "Unset it and use NODE_EXTRA_CA_CERTS."),
    );
  return checks;
}

async function checkCertificate(apiUrl: string, proxied: boolean): Promise<Check> {
  const { ok, note, fault } = checksOf("tls");
  if (!apiUrl.startsWith("https:")) return note("not used: the address is http");
  if (proxied) return note("looked at through the proxy only, with the first request");
  const certificate = await lookAtCertificate(apiUrl);
  if (certificate.is === "accepted")
    return ok(`certificate accepted, issued by ${certificate.issuer}, valid until ${certificate.validTo}`);
  if (/^E[A-Z]+$/.test(certificate.code))
    return fault(
      `no connection (${certificate.code})`,
      "Check the address, the network, and HTTPS_PROXY if there is a proxy.",
    );
  if (certificate.code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return fault("that port does not speak TLS", "Write the address with http://, or name the right port.");
  return fault(
    `the certificate is not accepted (${certificate.code})`,
    "For a company's own authority set NODE_EXTRA_CA_CERTS to its certificate, in PEM.",
  );
}

/**
 * Reports what the credentials may do with each blueprint that a mapping writes, by reading only: the blueprint, its count, a search.
 *
 * @throws {MappingError} for a mapping that cannot be read
 */
export async function checkPermissions(client: Client, mapping: string): Promise<readonly Check[]> {
  const text = await readFile(mapping, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new MappingError(
      mapping,
      [{ path: "(file)", message: `cannot be read (${error.code})` }],
      "the mapping cannot be read",
    );
  });
  const { resources } = parseMapping(text, mapping);
  const names = [...new Set(resources.flatMap(({ blueprint }) => blueprint ?? []))];
  const checks: Check[] = [];
  for (const name of names) checks.push(await checkBlueprint(client, name));
  if (resources.some(({ blueprint }) => blueprint === undefined))
    checks.push(
      checksOf("blueprint").note("a resource's blueprint is an expression: which ones it writes is not known"),
    );
  return checks;
}

async function checkBlueprint(client: Client, name: string): Promise<Check> {
  const { ok, warning, fault } = checksOf("blueprint");
  const path = `/blueprints/${encodeURIComponent(name)}`;
  const read = await client.ask({ method: "GET", path, route: "blueprints" });
  if (read.status === 404)
    return fault(`${name} does not exist`, "Create it: portload blueprint apply blueprints, the folder of its file.");
  if (read.status >= 300) return fault(`${name} may not be read (status ${read.status})`, "Ask for the permission.");
  const count = await client.ask({ method: "GET", path: `${path}/entities-count`, route: "read" });
  const body = JSON.stringify({ query: { combinator: "and", rules: [] }, include: ["$identifier"], limit: 1 });
  const search = await client.ask({
    method: "POST",
    path: `${path}/entities/search`,
    route: "search",
    body,
  });
  if (search.status >= 300)
    return warning(
      `${name} can be read, its entities may not be searched (status ${search.status})`,
      "Relations that point forward, sync and read-back need the search.",
    );
  const entities = isCountBody(count.body) ? count.body.count : undefined;
  const known =
    entities === undefined ? "" : `, ${entities.toLocaleString("en")} ${entities === 1 ? "entity" : "entities"}`;
  return ok(`${name} and its entities can be read${known}; whether they can be written: --probe ${name}`);
}
