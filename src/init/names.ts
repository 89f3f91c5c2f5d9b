/** A path of keys as a jq expression: `."Service ID"`, `.lead.email`. */
export function pathExpression(path: readonly string[]): string {
  return path.map((key) => (/^[a-zA-Z_][a-zA-Z_0-9]*$/.test(key) ? `.${key}` : `.${JSON.stringify(key)}`)).join("");
}

/** Where the words of `primaryIPv4Address`, `CPUCount` and `podCIDRs` meet. */
const camelJoint = /(?<=[\p{Ll}\d])(?<!\bv)(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})(?!\p{Lu}(?:s|v\d)(?!\p{Ll}))/gu;

/** Letters that no accent makes, in those of ASCII. */
const ligatures: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
};

/** A path of keys as a property's key: `Monthly Cost (EUR)` becomes `monthlyCostEur`. Empty where no letter or digit of ASCII is left. */
export function propertyKey(path: readonly string[]): string {
  const words = path
    .join(" ")
    .normalize("NFD")
    .replaceAll(/[\u0300-\u036f]/g, "")
    .replaceAll(/[ßæœøłđðþ]/gi, (letter) => ligatures[letter.toLowerCase()] ?? "")
    .replaceAll(camelJoint, " ")
    .split(/[^A-Za-z0-9]+/)
    .filter(Boolean);
  return words
    .map((word, index) =>
      index === 0 ? word.toLowerCase() : word.charAt(0).toUpperCase() + word.slice(1).toLowerCase(),
    )
    .join("")
    .slice(0, 100);
}

/** The blueprint that a kind's records are likely of: its singular. */
export function blueprintName(kind: string): string {
  const name = kind.replaceAll(/[^\p{L}0-9@_.+:-]/gu, "-");
  if (/[^s]ies$/i.test(name)) return name.replace(/ies$/i, "y");
  if (/(?:ss|x|ch|sh)es$/i.test(name)) return name.replace(/es$/i, "");
  return /[^s]s$/i.test(name) ? name.slice(0, -1) : name;
}

/** Abbreviations of the trade, as they are written. */
const abbreviations: ReadonlyMap<string, string> = new Map(
  "API AWS BIOS CI CIDR CIDRs CMDB CPU CPUs CVE DB DNS EUR FQDN GB GHz GPU HA HTTP HTTPS ID IDs IP IPs IPv4 IPv6 ISO JSON KB MAC MB OS OU PO RAM SAP SKU SLA SLO SSD SSH SSL TB TLS UI URI URL URLs USD UUID VAT VLAN vCPU vCPUs VM VMs VPC VPN YAML"
    .split(" ")
    .map((word) => [word.toLowerCase(), word]),
);

/** A key, column or kind in words: `serviceId` becomes `Service ID`, `ip_address` `IP address`. */
export function inWords(name: string): string {
  const isShouted = !/\p{Ll}/u.test(name);
  const words = name
    .replaceAll(camelJoint, " ")
    .split(/[-_.\s]+/)
    .filter(Boolean)
    .map((word) => {
      const bare = word.replaceAll(/[^\p{L}\p{N}]/gu, "");
      const known = abbreviations.get(bare.toLowerCase());
      if (known !== undefined) return word.replace(bare, known);
      const isAbbreviation = !isShouted && bare.length > 1 && /^[\p{Lu}\p{N}]+$/u.test(bare);
      return isAbbreviation ? word : word.toLowerCase();
    });
  const text = words.join(" ");
  return abbreviations.has(words[0]?.toLowerCase() ?? "") ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** A name without what differs by habit: case, separators, units in brackets. */
export function normalName(name: string): string {
  return name
    .replaceAll(/\([^)]*\)|%/g, "")
    .normalize("NFD")
    .replaceAll(/[^\p{L}\p{N}]/gu, "")
    .toLowerCase();
}

/** What a field is of, without what names it: `employee` of `employee_id`, `Employee Name` and `employee.display_value`. */
export function stemOf(path: readonly string[]): string {
  return normalName(path.join(" ")).replace(
    /(?:sysid|uuid|identifier|displayname|fullname|displayvalue|email|mail|id|key|code|number|name|title|label|value)s?$/,
    "",
  );
}
