import { readFile } from "node:fs/promises";
import { lookAtCertificate, proxyFor } from "../../api/connection.js";
import { type Check, checksOf } from "./checks.js";

type Env = Readonly<Record<string, string | undefined>>;

/** Tells what stands between this machine and the API: address, proxy, private authorities, certificate. Sends no request. */
export async function checkNetwork(apiUrl: string, fromFlag: boolean, env: Env): Promise<readonly Check[]> {
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

function checkAddress(apiUrl: string, fromFlag: boolean, env: Env): Check {
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
  const told = `${apiUrl} (${region === undefined ? "an address of your own" : `region ${region}`}), from ${from}`;
  if (region !== undefined && pathname !== "/v1") return warning(told, "Port's API lies under /v1.");
  if (region !== undefined && protocol !== "https:") return warning(told, "Write it with https://.");
  return ok(told);
}

/** Node reads the file when it starts, and says but a line when it cannot. */
async function checkAuthorities({ NODE_EXTRA_CA_CERTS: file, NODE_TLS_REJECT_UNAUTHORIZED }: Env): Promise<Check[]> {
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
