/** Client id and secret of an organization. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Gives a value as a message may show it: a secret is replaced by how long it is.
 *
 * What counts: any value of a field whose name speaks of a secret (`apiToken`, `DB_PASSWORD`), and by their form private keys, tokens of well-known
 * services, JSON web tokens, credentials and signatures in addresses, and long words of random letters and digits. Identifiers that are public by
 * nature are not: UUIDs, words joined by dashes, dates.
 *
 * @param name - of the field or column, if known
 */
export function maskSecrets(text: string, name = ""): string {
  if (text !== "" && namesSecret(name)) return masked(text);
  let shown = withoutHidden(text);
  if (text.length < shortestSecret) return shown;
  for (const form of forms) shown = shown.replace(form, (secret) => masked(secret));
  shown = shown.replace(userinfo, "$1***@").replace(secretOfQuery, "$1***");
  return shown.replace(longWord, (word) => (looksRandom(word) ? masked(word) : word));
}

/** Values that no message shows, with the environment variables that hold them. For the life of the process: a secret stays a secret. */
const hidden = new Map<string, string>();

/** Keeps the values of environment variables out of every text that {@link maskSecrets} and {@link withoutHidden} give from here on. */
export function hideValues(variables: Iterable<readonly [name: string, value: string]>): void {
  for (const [name, value] of variables) if (value !== "" && value !== name) hidden.set(value, `$${name}`);
}

/** Shorter values are hidden where they are the whole text: part of one, they may be anything. */
const shortestPart = 4;

/** Gives a value with the names of environment variables in place of their hidden values, however deep in it they are. */
export function withoutHidden<T>(value: T): T {
  if (hidden.size === 0) return value;
  if (typeof value === "string") return hiddenText(value) as T;
  if (Array.isArray(value)) return value.map(withoutHidden) as T;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [hiddenText(key), withoutHidden(inner)])) as T;
}

function hiddenText(text: string): string {
  const whole = hidden.get(text);
  if (whole !== undefined) return whole;
  let shown = text;
  for (const [value, name] of hidden) if (value.length >= shortestPart) shown = shown.replaceAll(value, () => name);
  return shown;
}

/**
 * Takes user, password and query out of every address in a text, so that a message may repeat what somebody gave: a source, a mapping, a proxy. A password with raw
 * signs in it is removed as a whole.
 */
export function withoutAddressSecrets(text: string): string {
  return text.replace(addresses, (whole, scheme: string, rest: string) => {
    // How to write one, in a hint.
    if (rest.startsWith("user:password@host")) return whole;
    const userinfo = password.exec(rest)?.[0] ?? "";
    // The last at sign may belong to the password or to the query.
    if (userinfo.includes("?")) return `${scheme}***`;
    const host = rest.slice(userinfo.length).replace(user, "");
    return scheme + host.replace(queryOfAddress, "");
  });
}

const addresses = /([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>`]*)/gi;
/** What precedes a colon that no port follows, to the last at sign. */
const password = /^[^/?#@]*:(?!\d+(?:[/?#]|$))\S*@/;
const user = /^[^/?#@]*@/;
const queryOfAddress = /\?[\w%&=.+~-].*$/s;

/** Returns whether a field's name says that it holds a secret. A bare `key` does not: most are names of things. */
export function namesSecret(name: string): boolean {
  const words = name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\d]+/u);
  return words.some(
    (word, index) =>
      secretWords.has(word) || ((word === "key" || word === "keys") && kindsOfKey.has(words[index - 1] ?? "")),
  );
}

/** Shorter text is recognised only by its field's name. */
const shortestSecret = 16;

const secretWords = new Set(
  (
    "password passwords passwd pwd passphrase passcode secret secrets token tokens credential credentials bearer cookie " +
    "apikey apikeys accesskey secretkey privatekey authtoken accesstoken refreshtoken clientsecret connectionstring pat otp"
  ).split(" "),
);
const kindsOfKey = new Set(
  "api access private secret signing encryption ssh gpg pgp auth account license client".split(" "),
);

/** @source the issuers' own documents on the prefixes of their tokens; RFC 7468 (private keys); RFC 7519 (JSON web tokens) */
const forms: readonly RegExp[] = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?/g,
  /\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{16,}|\bgithub_pat_\w{16,}|\bglpat-[\w-]{16,}/g,
  /\bxox[abeprs]-[\w-]{10,}/g,
  /\b(?:sk|pk|rk)_(?:live|test)_\w{10,}|\bsk-[\w-]{20,}/g,
  /\bAIza[\w-]{30,}|\bya29\.[\w.-]{20,}/g,
  /\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}|\bdop_v1_[a-f0-9]{20,}/g,
  /(?<=\b(?:bearer|basic|token)\s+)[\w.~+/=-]{12,}/gi,
];
const userinfo = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]+@/gi;
const secretOfQuery =
  /([?&;](?:[\w.-]*(?:token|secret|password|passwd|api[_-]?key|signature|credential)|sig|key|pwd|code)=)[^&#\s"']+/gi;
const longWord = /[\w+/=~-]{20,}/g;

/** Letters of both cases and digits in one long word, changing too often for a name; or 32 hexadecimal digits and more. */
function looksRandom(word: string): boolean {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)) return false;
  if (/^(?:[0-9a-f]{32,}|[0-9A-F]{32,})$/.test(word)) return /\d/.test(word) && /[a-f]/i.test(word);
  if (!(/[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word))) return false;
  return entropyOf(word) >= minEntropyBits && changesOf(word) >= word.length / 4;
}

/** Bits a character: English text has about 4 at most, 20 random letters and digits rarely under 3.7. */
const minEntropyBits = 3.5;

function entropyOf(word: string): number {
  const counts = new Map<string, number>();
  for (const sign of word) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits;
}

/** How often a digit, a capital and a small letter follow one of another kind. */
function changesOf(word: string): number {
  const kinds = word
    .replace(/[^A-Za-z0-9]/g, "")
    .replace(/[a-z]/g, "a")
    .replace(/[A-Z]/g, "A")
    .replace(/\d/g, "0");
  let changes = 0;
  for (let i = 1; i < kinds.length; i++) if (kinds[i] !== kinds[i - 1]) changes++;
  return changes;
}

function masked(secret: string): string {
  return `*** (${secret.length} ${secret.length === 1 ? "character" : "characters"}, masked)`;
}

/** Shorter texts are masked only as they are: their encoded forms occur by chance. */
const shortestEncoded = 6;

/** Every form in which a secret may reappear: as it is, within JSON or an address, in base64 at any place of a longer text, as hexadecimal digits. */
function formsOf(secret: string): readonly string[] {
  const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)];
  if (secret.length >= shortestEncoded) {
    const hex = Buffer.from(secret).toString("hex");
    forms.push(hex, hex.toUpperCase(), ...base64Forms(secret));
  }
  return [...new Set(forms)].filter((form) => form !== "").sort((a, b) => b.length - a.length);
}

/** Base64 of a text that has the secret at any of the three offsets, without what its neighbours decide. */
function base64Forms(secret: string): readonly string[] {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(secret)]);
    const start = Math.ceil((offset * 4) / 3);
    const end = Math.floor((bytes.length * 4) / 3);
    const form = bytes.toString("base64").slice(start, end);
    return [form, form.replaceAll("+", "-").replaceAll("/", "_")];
  });
}

/** Makes the function that takes secrets out of a text. @param secrets - those in use, asked for each time */
export function createRedact(secrets: () => readonly string[]): (text: string) => string {
  const known = new Map<string, readonly string[]>();
  const of = (secret: string): readonly string[] => {
    const forms = known.get(secret) ?? formsOf(secret);
    // The client's secret and a few tokens.
    if (known.size > 16) known.clear();
    known.set(secret, forms);
    return forms;
  };
  return (text) =>
    secrets()
      .flatMap(of)
      .reduce((rest, form) => rest.replaceAll(form, "***"), text);
}
