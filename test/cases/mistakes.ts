import type { Blueprint } from "../../src/blueprint.js";
import { blueprintOf } from "../support/catalog.js";

/** A typical mistake: what was typed or is in the files, and what the program says to it. */
export interface Mistake {
  /** What was done, for people. */
  readonly did: string;
  /** Files beside {@link files}, or in their place; null takes one away. */
  readonly files?: Readonly<Record<string, string | Buffer | null>>;
  readonly args: readonly string[];
  /** Variables that differ; an empty one is not set. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly code: number;
  /** What is wrong, word by word. */
  readonly what: string;
  /** Where it is, where there is a place: file, line, flag, column. */
  readonly where?: string;
  /** What to do about it, word by word. */
  readonly fix: string;
}

const mapping = `resources:
  - kind: servers
    port:
      entity:
        mappings:
          identifier: .id
          title: .name
          blueprint: '"server"'
          properties:
            cores: .cores
`;

/** What every mistake begins with: all right, and imported without a word. */
export const files: Readonly<Record<string, string>> = {
  "servers.csv": "id,name,cores,team\nsrv-1,Checkout,8,shop\nsrv-2,Search,4,shop\n",
  "servers.yaml": mapping,
};

const text = { type: "string" } as const;

/** The blueprints of the catalog. */
export const blueprints: readonly Blueprint[] = [
  blueprintOf("server", {
    title: "Server",
    schema: {
      properties: {
        cores: { type: "number" },
        ip: { ...text, format: "ipv4" },
        mail: { ...text, format: "email" },
        url: { ...text, format: "url" },
        stage: { ...text, enum: ["prod", "test"] },
        live: { type: "boolean" },
        tags: { type: "array", items: text },
        since: { ...text, format: "date-time" },
        zone: { ...text, minLength: 3 },
      },
      required: [],
    },
    relations: { team: { target: "team", required: false, many: false } },
  }),
  blueprintOf("team", { title: "Team" }),
];

/** A mapping whose one property, or relation, is another. */
const withProperty = (line: string) => ({ "servers.yaml": mapping.replace("cores: .cores", line) });
const withRelation = (line: string) => ({ "servers.yaml": `${mapping}          relations:\n            ${line}\n` });
/** A second record whose value does not fit its property. */
const value = (property: string, good: string, bad: string) => ({
  "servers.csv": `id,name,v\na,A,${good}\nb,B,${bad}\n`,
  ...withProperty(`${property}: .v`),
});
const servers = (rows: string) => ({ "servers.csv": `id,name,cores\n${rows}\n` });
/** Two kinds, so that a source must be named after one. */
const twoKinds = {
  "servers.yaml": mapping + mapping.replace("resources:\n", "").replace("kind: servers", "kind: hosts"),
};
const imports = ["import", "servers.csv", "-m", "servers.yaml"];

/** The mistakes, as docs/troubleshoot.md groups them. */
export const mistakes: Readonly<Record<string, readonly Mistake[]>> = {
  "The command line": [
    {
      did: "a flag is misspelled",
      args: [...imports, "--dryrun"],
      code: 64,
      what: "has no --dryrun",
      fix: "did you mean --dry-run?",
    },
    {
      did: "a command is misspelled",
      args: ["imprt", "servers.csv"],
      code: 64,
      what: "there is no command imprt",
      fix: "Did you mean: portload import servers.csv",
    },
    {
      did: "a value is none of those that a flag takes",
      args: [...imports, "--mode", "mrge"],
      code: 64,
      what: '--mode must be merge, override or create, not "mrge"',
      fix: 'did you mean "merge"?',
    },
    {
      did: "a number is none",
      args: [...imports, "--limit", "ten"],
      code: 64,
      what: '--limit must be a whole number from 0, not "ten"',
      fix: "See portload import --help.",
    },
    {
      did: "the mapping is forgotten",
      args: ["import", "servers.csv"],
      code: 64,
      what: "--mapping is missing",
      fix: "There is a mapping beside the source: portload import servers.csv -m servers.yaml",
    },
    {
      did: "mapping and source are swapped",
      args: ["import", "servers.yaml", "-m", "servers.csv"],
      code: 64,
      what: "servers.csv is not a mapping, and servers.yaml is one: they are swapped",
      fix: "portload import servers.csv -m servers.yaml",
    },
    {
      did: "the name of the source is misspelled",
      args: ["import", "server.csv", "-m", "servers.yaml"],
      code: 3,
      what: "server.csv: no such file",
      fix: "did you mean servers.csv?",
    },
    {
      did: "the name of the mapping is misspelled",
      args: ["import", "servers.csv", "-m", "server.yaml"],
      code: 3,
      what: "server.yaml (file): there is no such file",
      fix: "did you mean servers.yaml?",
    },
    {
      did: "`--only` names what the mapping does not have",
      args: [...imports, "--only", "server1"],
      code: 64,
      what: "--only server1: the mapping has no such kind or blueprint",
      fix: 'It has servers, server; did you mean "servers"?',
    },
    {
      did: "a report has a form that does not exist",
      args: [...imports, "--report", "r.pdf"],
      code: 64,
      what: "--report must be a file that ends with .json, .md, .html, .xml or .prom",
      where: 'not "r.pdf"',
      fix: "See portload import --help.",
    },
    {
      did: "a source has the name of none of several kinds, or is in a folder by chance",
      files: { ...twoKinds, "other.csv": files["servers.csv"] ?? "" },
      args: ["import", "other.csv", "-m", "servers.yaml"],
      code: 64,
      what: "no kind of the mapping fits the source other.csv; its kinds are servers, hosts",
      fix: "Say which: servers=other.csv or hosts=other.csv. In a folder, leave it out: --ignore other.csv",
    },
    {
      did: "the kind before a source is misspelled",
      args: ["import", "server=servers.csv", "-m", "servers.yaml"],
      code: 64,
      what: "the mapping has no kind server",
      fix: 'did you mean "servers"?',
    },
    {
      did: "stdin is bound to none of several kinds",
      files: twoKinds,
      args: ["preview", "-", "-m", "servers.yaml"],
      stdin: files["servers.csv"] ?? "",
      code: 64,
      what: "no kind of the mapping fits the source stdin; its kinds are servers, hosts",
      fix: "Say which: servers=- or hosts=-.",
    },
    {
      did: "a setting of the config file is misspelled",
      files: { "portload.config.yaml": "maping: servers.yaml\nsources: [servers.csv]\n" },
      args: ["sync"],
      code: 64,
      what: 'there is no setting "maping"',
      where: "portload.config.yaml",
      fix: 'did you mean "mapping"?',
    },
  ],
  "Credentials and the API": [
    {
      did: "no credentials are set",
      args: imports,
      env: { PORT_CLIENT_ID: "", PORT_CLIENT_SECRET: "" },
      code: 3,
      what: "no credentials: set PORT_CLIENT_ID and PORT_CLIENT_SECRET",
      fix: "Take them from Port: the … menu, Credentials; then export PORT_CLIENT_ID=… PORT_CLIENT_SECRET=…, and PORT_REGION=us for an account in the US.",
    },
    {
      did: "they are wrong; those of an account may be of the other region (PORT_REGION=us)",
      args: imports,
      env: { PORT_CLIENT_SECRET: "wrong" },
      code: 3,
      what: "status 401, invalid_credentials",
      where: "/v1/auth/access_token",
      fix: "The emulator takes PORT_CLIENT_ID=portload PORT_CLIENT_SECRET=portload, unless it was started with others; for your own catalog unset PORT_API_URL.",
    },
    {
      did: "the region is none",
      args: imports,
      env: { PORT_API_URL: "", PORT_REGION: "usa" },
      code: 64,
      what: 'PORT_REGION is "usa"',
      fix: "It is eu or us; for any other address set PORT_API_URL.",
    },
    {
      did: "nothing answers at the address",
      args: imports,
      env: { PORT_API_URL: "http://127.0.0.1:9/v1" },
      code: 3,
      what: "the connection was refused (ECONNREFUSED), after 3 attempts",
      where: "http://127.0.0.1:9/v1",
      fix: "Nothing listens there (PORT_API_URL or --api-url). To start the emulator: portload emulator --port 9 &",
    },
    {
      did: "an entity is asked for that is not there",
      args: ["entity", "get", "server", "srv-9"],
      code: 1,
      what: 'Entity with identifier "srv-9" does not exist in the blueprint "server"',
      fix: "What is there: portload entity export server",
    },
  ],
  "The mapping": [
    {
      did: "a key is misspelled",
      files: { "servers.yaml": mapping.replace("identifier:", "identifer:") },
      args: imports,
      code: 3,
      what: "is not a key that is allowed here",
      where: "servers.yaml:6 resources.0.port.entity.mappings.identifer",
      fix: 'did you mean "identifier"?',
    },
    {
      did: "a key is where it is not allowed",
      files: { "servers.yaml": mapping.replace("    port:", "    blanks: [x]\n    port:") },
      args: imports,
      code: 3,
      what: "is not a key that is allowed here",
      where: "servers.yaml:3 resources.0.blanks",
      fix: "keys here are kind, prune, onMissingTarget, selector, port",
    },
    {
      did: "a line is indented with a tab",
      files: { "servers.yaml": mapping.replace("          title", "\t  title") },
      args: imports,
      code: 3,
      what: "a tab begins the line",
      where: "servers.yaml:7",
      fix: "indent with spaces",
    },
    {
      did: "the blueprint's name has one pair of quotes, and needs two",
      files: { "servers.yaml": mapping.replace(`'"server"'`, "server") },
      args: imports,
      code: 3,
      what: "to jq server is a function, and there is none of that name",
      where: "servers.yaml:8 resources.0.port.entity.mappings.blueprint",
      fix: "write `'\"server\"'` for this very text",
    },
    {
      did: "the dot before a column is forgotten",
      files: withProperty("cores: cores"),
      args: imports,
      code: 3,
      what: "to jq cores is a function, and there is none of that name",
      where: "servers.yaml:10 resources.0.port.entity.mappings.properties.cores",
      fix: "or `.cores` for the column",
    },
    {
      did: "a column's name holds a dash, and is not quoted",
      files: { "servers.csv": "id,name,cpu-cores\na,A,1\n", ...withProperty("cores: .cpu-cores") },
      args: imports,
      code: 3,
      what: 'servers.csv has no column "cpu"',
      where: "servers.yaml:10 resources.0.port.entity.mappings.properties.cores",
      fix: 'did you mean ."cpu-cores"?',
    },
    {
      did: "a bracket of an expression is not closed",
      files: withProperty("cores: '.cores | tonumber('"),
      args: imports,
      code: 3,
      what: "a bracket opens and never closes",
      where: "servers.yaml:10 resources.0.port.entity.mappings.properties.cores",
      fix: "close it",
    },
    {
      did: "a column of the file was renamed",
      files: { "servers.csv": "id,Name,cores\na,A,1\n" },
      args: imports,
      code: 3,
      what: 'servers.csv has no column "name"',
      where: "servers.yaml:7 resources.0.port.entity.mappings.title",
      fix: "did you mean .Name? Where some files lack it, name it in source.optionalColumns",
    },
    {
      did: "a column has a format, and the file lacks it",
      files: { "servers.yaml": `source: { columns: { Core: { number: { decimal: "," } } } }\n${mapping}` },
      args: imports,
      code: 3,
      what: "servers.csv has no such column",
      where: "servers.yaml source.columns.Core",
      fix: 'it has "id", "name", "cores", "team"',
    },
    {
      did: "the blueprint was not created yet",
      files: { "servers.yaml": mapping.replace('"server"', '"application"') },
      args: imports,
      code: 3,
      what: 'there is no blueprint "application"',
      where: "resources.0.port.entity.mappings.blueprint",
      fix: "create it: portload blueprint apply blueprints; portload init <source> --blueprints-out blueprints writes its file",
    },
    {
      did: "a folder of blueprints lacks the blueprint",
      files: {
        "servers.yaml": mapping.replace('"server"', '"application"'),
        "blueprints/team.json": JSON.stringify(blueprints[1]),
      },
      args: [...imports, "--blueprints", "blueprints"],
      code: 3,
      what: 'there is no blueprint "application"',
      where: "resources.0.port.entity.mappings.blueprint",
      fix: "add it to the folder blueprints; portload init <source> --blueprints-out blueprints writes its file",
    },
    {
      did: "the blueprint does not exist",
      files: { "servers.yaml": mapping.replace('"server"', '"servers"') },
      args: imports,
      code: 3,
      what: 'there is no blueprint "servers"',
      where: "resources.0.port.entity.mappings.blueprint",
      fix: 'did you mean "server"?',
    },
    {
      did: "the blueprint has no such property",
      files: withProperty("core: .cores"),
      args: imports,
      code: 3,
      what: 'blueprint "server" has no property "core"',
      where: "resources.0.port.entity.mappings.properties.core",
      fix: 'did you mean "cores"?',
    },
    {
      did: "the blueprint has no such relation",
      files: withRelation("teams: .team"),
      args: imports,
      code: 3,
      what: 'blueprint "server" has no relation "teams"',
      where: "resources.0.port.entity.mappings.relations.teams",
      fix: 'did you mean "team"?',
    },
  ],
  "The file": [
    {
      did: "it is empty",
      files: { "servers.csv": "" },
      args: imports,
      code: 3,
      what: "servers.csv: is empty: it has no byte",
      fix: "Was the export interrupted? Export it again",
    },
    {
      did: "it is not UTF-8",
      files: { "servers.csv": Buffer.from("id,name,cores\na,Büro,1\n", "latin1") },
      args: imports,
      code: 3,
      what: "servers.csv: is not UTF-8: byte 0xFC at offset 17, line 2",
      fix: "Name its encoding under source in the mapping, for example: encoding: windows-1252.",
    },
    {
      did: "another delimiter than the mapping says",
      files: {
        "servers.csv": "id;name;cores\na;A;1\n",
        "servers.yaml": `source:\n  csv: { delimiter: "," }\n${mapping}`,
      },
      args: imports,
      code: 3,
      what: 'its header is one column, ."id;name;cores"',
      where: "servers.yaml:8 resources.0.port.entity.mappings.identifier",
      fix: 'where ";" is the delimiter, write source.csv.delimiter: ";"',
    },
    {
      did: "a title is above the header",
      files: { "servers.csv": "Export of 2026;;\nid;name;cores\na;A;1\nb;B;2\n" },
      args: imports,
      code: 3,
      what: 'servers.csv: by the delimiter "," its header has 1 column, by ";" 3 columns',
      fix: 'csv: { delimiter: ";", skipLines: 1 }',
    },
    {
      did: "a row has too few cells",
      files: servers("a,A"),
      args: imports,
      code: 1,
      what: "the row has 2 cells where 3 cells are expected",
      where: "servers.csv:2, record 1",
      fix: "give the row as many cells as the header has; quote cells that hold the delimiter; or set source.csv.shortRows: pad",
    },
    {
      did: "a quote is not closed",
      files: servers('a,"A,1\nb,B,2'),
      args: imports,
      code: 1,
      what: 'a quote opens in column "name" and never closes',
      where: "servers.csv:2, record 1",
      fix: "close the quote, or set source.csv.quote: false where quotes are plain text",
    },
    {
      did: "its JSON is broken",
      files: { "servers.csv": null, "servers.json": '[{"id":"a"},]' },
      args: ["import", "servers.json", "-m", "servers.yaml"],
      code: 3,
      what: "servers.json: is not valid JSON",
      where: "at line 1, column 13",
      fix: "Correct it there; one object a line is NDJSON (format: ndjson).",
    },
  ],
  Values: [
    {
      did: "text where a number belongs",
      files: value("cores", "1", "many"),
      args: imports,
      code: 1,
      what: "server properties.cores: is not a number",
      where: "servers.csv:3, record 2, server/b, value many",
      fix: "correct the value, or add it to the blanks of its source in the mapping",
    },
    {
      did: "a word that means no value",
      files: value("cores", "1", "n/a"),
      args: imports,
      code: 1,
      what: "server properties.cores: is not a number",
      where: "servers.csv:3, record 2, server/b, value n/a",
      fix: 'if it means no value, write under source: `blanks: ["", "n/a"]`',
    },
    {
      did: "thousands are separated",
      files: value("cores", "1", '"2,746"'),
      args: imports,
      code: 1,
      what: 'server properties.cores: is a number with "," between thousands',
      where: "servers.csv:3, record 2, server/b, value 2,746",
      fix: 'write `| values | gsub(","; "")` after the expression',
    },
    {
      did: "a word that is neither yes nor no",
      files: value("live", "yes", "maybe"),
      args: imports,
      code: 1,
      what: "server properties.live: is neither true nor false; accepted are true, yes, y, t, on, 1, false, no, n, f, off, 0",
      where: "servers.csv:3, record 2, server/b, value maybe",
      fix: "correct the value, or add it to the blanks of its source in the mapping",
    },
    {
      did: "a value that the enum does not have",
      files: value("stage", "prod", "Prod"),
      args: imports,
      code: 1,
      what: 'server properties.stage: is none of "prod", "test"',
      where: "servers.csv:3, record 2, server/b, value Prod",
      fix: 'did you mean "prod"?',
    },
    {
      did: "text where an address belongs",
      files: value("ip", "10.0.0.1", "DHCP"),
      args: imports,
      code: 1,
      what: "server properties.ip: is not an IPv4 address, such as 192.0.2.1",
      where: "servers.csv:3, record 2, server/b, value DHCP",
      fix: "correct the value, or add it to the blanks of its source in the mapping",
    },
    {
      did: "text where an e-mail address belongs",
      files: value("mail", "a@example.com", "nobody"),
      args: imports,
      code: 1,
      what: "server properties.mail: is not an e-mail address, such as name@example.com",
      where: "servers.csv:3, record 2, server/b, value nobody",
      fix: "correct the value, or add it to the blanks of its source in the mapping",
    },
    {
      did: "a URL without its scheme",
      files: value("url", "https://example.com", "example.com"),
      args: imports,
      code: 1,
      what: "server properties.url: is not an absolute URL, such as https://example.com/path",
      where: "servers.csv:3, record 2, server/b, value example.com",
      fix: 'write `| values | "https://" + .` after the expression',
    },
    {
      did: "a date in the country's own form",
      files: value("since", "2024-05-01T10:00:00Z", "13/05/2024"),
      args: imports,
      code: 1,
      what: "server properties.since: is not a date and time with zone, such as 2024-05-01T10:00:00Z",
      where: "servers.csv:3, record 2, server/b, value 13/05/2024",
      fix: "say how to read it: columns: { <column>: { date: d/M/yyyy, zone: <zone> } }",
    },
    {
      did: "a list in one cell",
      files: value("tags", "[]", "red; blue"),
      args: imports,
      code: 1,
      what: "server properties.tags: is text, not a list or the JSON of one",
      where: "servers.csv:3, record 2, server/b, value red; blue",
      fix: 'write `| values | split("; ")` after the expression',
    },
    {
      did: "a value outside the bounds of the blueprint",
      files: value("zone", "eu-1", "eu"),
      args: imports,
      code: 1,
      what: "server properties.zone: is shorter than 3 characters",
      where: "servers.csv:3, record 2, server/b, value eu",
      fix: "correct the value, or the bound in the blueprint",
    },
  ],
  "Identifiers and relations": [
    {
      did: "an identifier holds a space",
      files: servers("a b,A,1"),
      args: imports,
      code: 1,
      what: "server identifier: the identifier holds a space",
      where: "servers.csv:2, record 1, value a b",
      fix: 'write `| values | gsub(" "; "-")` after the expression',
    },
    {
      did: "an identifier is empty",
      files: servers(",A,1"),
      args: imports,
      code: 1,
      what: "the identifier is empty",
      where: "servers.csv:2, record 1",
      fix: "fill the cells the identifier is made of, or let selector.query leave such records out",
    },
    {
      did: "an identifier is a number in JSON",
      files: { "servers.csv": null, "servers.json": '[{"id":1,"name":"A","cores":1}]' },
      args: ["import", "servers.json", "-m", "servers.yaml"],
      code: 1,
      what: "server identifier: the identifier is a number, not text",
      where: "servers.json, record 1, value 1",
      fix: "write `| values | tostring` after the expression",
    },
    {
      did: "two records have one identifier",
      files: servers("a,A,1\na,B,2"),
      args: imports,
      code: 0,
      what: "server/a of servers.csv:3 has other content at servers.csv record 1; the first one is sent",
      where: "servers.csv:3, record 2",
      fix: "as duplicates in the mapping says (first, last, merge or error)",
    },
    {
      did: "the target of a relation does not exist",
      files: withRelation("team: .team"),
      args: imports,
      code: 1,
      what: 'server relations.team: team "shop" exists neither in this import nor in the catalog',
      where: "servers.csv:2, record 1, server/srv-1, value shop",
      fix: "import the target first, or correct the identifier",
    },
    {
      did: "several targets where one belongs",
      files: {
        "servers.csv": 'id,name,cores,team\na,A,1,"shop,data"\n',
        ...withRelation("team: '.team | split(\",\")'"),
      },
      args: imports,
      code: 1,
      what: "server relations.team: gives 2 targets, and this relation has one at most",
      where: 'servers.csv:2, record 1, server/a, value ["shop","data"]',
      fix: "give one identifier, or a list of them where the relation takes many",
    },
  ],
  "Guards, and resuming": [
    {
      did: "`--prune` without saying what the mapping owns",
      args: ["sync", "servers.csv", "-m", "servers.yaml", "--prune"],
      code: 6,
      what: "--prune: servers.yaml does not say what it owns, so nothing may be deleted",
      fix: "Where the mapping alone writes server, add this line to resources.0 (kind servers), beside its kind:",
    },
    {
      did: "more failed than `--max-errors` allows",
      files: value("cores", "1", "many"),
      args: [...imports, "--max-errors", "0"],
      code: 2,
      what: "Stopped by --max-errors with 1 entity failed",
      fix: "resume with: portload resume",
    },
    {
      did: "a blueprint file changes the type of a property",
      files: {
        "server.json": JSON.stringify(
          blueprintOf("server", { title: "Server", schema: { properties: { cores: text } } }),
        ),
      },
      args: ["blueprint", "apply", "server.json", "--yes"],
      code: 3,
      what: "server.properties.cores is of type string here and number in the catalog; Port does not change a property's type",
      fix: "give it another key, or take it out with --allow-removal first",
    },
    {
      did: "there is nothing to resume",
      args: ["resume"],
      code: 3,
      what: "there is no import to resume",
      where: ".portload",
      fix: "Name the folder of import folders with --state-dir.",
    },
    {
      did: "the plan to apply was never written",
      args: ["apply", "tonight.plan"],
      code: 3,
      what: "tonight.plan: there is no such file",
      fix: "Write one: portload plan <source> -m <mapping> --out tonight.plan",
    },
  ],
};
