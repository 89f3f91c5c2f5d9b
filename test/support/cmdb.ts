/** Files of an inventory as a CMDB exports them: 300 servers in a CSV of 25 columns, 60 applications as nested JSON, 10 teams in a CSV with semicolons. */
export interface Cmdb {
  readonly "servers.csv": string;
  readonly "applications.json": string;
  readonly "teams.csv": string;
}

/** What is wrong in the files on purpose, by line of servers.csv where it is there. */
export const cmdbFaults = {
  /** No IPv4 address. */
  address: [15],
  /** `unknown` as a number of CPUs. */
  blankWord: [31, 152],
  /** A date that does not exist. */
  date: [78],
  /** Teams that nobody has. */
  team: [101, 230],
} as const;

/** Makes the files; the same seed gives the same bytes. */
export function makeCmdb(seed: number): Cmdb {
  const random = randomOf(seed);
  const whole = (below: number): number => Math.floor(random() * below);
  const pick = <T>(list: readonly T[]): T => list[whole(list.length)] as T;
  const digits = (count: number): string => Array.from({ length: count }, () => whole(10)).join("");
  const hex = (count: number): string => Array.from({ length: count }, () => whole(16).toString(16)).join("");
  const day = (): [number, number, number] => [2019 + whole(6), 1 + whole(12), 1 + whole(28)];
  const two = (value: number): string => String(value).padStart(2, "0");
  const grouped = (value: number, sign: string): string => String(value).replace(/\B(?=(\d{3})+$)/g, sign);

  const teams = [
    ["T-01", "Platform Engineering"],
    ["T-02", "Data & Analytics"],
    ["T-03", "Core Banking"],
    ["T-04", "Web Shop"],
    ["T-05", "Mobile Apps"],
    ["T-06", "Identity & Access"],
    ["T-07", "Network Operations"],
    ["T-08", "Workplace"],
    ["T-09", "SAP Competence Center"],
    ["T-10", "Quality Engineering"],
  ].map(([id = "", name = ""], index) => ({ id, name, mail: `team${index + 1}@example.com` }));
  const teamLines = teams.map(({ id, name, mail }, index) =>
    [
      id,
      name,
      mail,
      index % 4 === 0 ? "" : `T-0${1 + 4 * Math.floor(index / 4)}`,
      4 + whole(20),
      `${grouped(100_000 + whole(3_000_000), ".")},${digits(2)}`,
      pick(["ja", "nein"]),
      [`a${index}@example.com`, `b${index}@example.com`, `c${index}@example.com`].slice(0, 1 + whole(3)).join(", "),
    ].join(";"),
  );

  const stages = ["Production", "Pilot", "Sunset"];
  const applications = Array.from({ length: 60 }, (_, index) => {
    const [year, month, dayOfMonth] = day();
    const team = pick(teams);
    return {
      id: `APP-${String(index + 1).padStart(4, "0")}`,
      name: `${pick(["Order", "Invoice", "Customer", "Stock", "Payment"])} ${pick(["Hub", "Service", "Portal"])} ${index + 1}`,
      owner: { team: team.id, contact: team.mail },
      lifecycle: { stage: stages[index % 3], goLive: `${two(dayOfMonth)}.${two(month)}.${year}` },
      cost: { annual: `${grouped(1_000 + whole(90_000), ",")}.${digits(2)}`, currency: "EUR" },
      sla: `${pick(["99.5", "99.9", "98"])}%`,
      users: whole(5000),
      businessCritical: index % 5 === 0 ? "Yes" : "No",
      tags: [pick(["java", "dotnet", "node"]), pick(["internal", "external"])],
      dependsOn: index < 5 ? [] : [`APP-${String(1 + whole(index)).padStart(4, "0")}`].slice(0, whole(2)),
      lastChange: 1_700_000_000 + whole(30_000_000),
      documentation: index % 7 === 0 ? null : `https://wiki.example.com/apps/${index + 1}`,
    };
  });

  const header =
    "Sys ID,Name,Asset Tag,Serial Number,IP Address,MAC Address,Operating System,OS Version,CPU Count,RAM (MB),Disk Space (GB),Environment,Install Status,Criticality,Business Application,Owner Team,Contact,Purchase Date,Warranty End,Last Discovered,Monthly Cost,Utilisation,Virtual,Parent Host,Comments";
  const systems = [
    ["Windows Server 2019", "10.0.17763"],
    ["Windows Server 2022", "10.0.20348"],
    ["Ubuntu", "22.04"],
    ["Red Hat Enterprise Linux", "8.9"],
  ];
  const rows = Array.from({ length: 300 }, (_, index) => {
    const line = index + 2;
    const name = `srv-${pick(["eu", "us", "ap"])}-${String(index + 1).padStart(4, "0")}`;
    const [system = "", version = ""] = pick(systems);
    const [year, month, dayOfMonth] = day();
    const [endYear, endMonth, endDay] = day();
    const has = (lines: readonly number[]): boolean => lines.includes(line);
    const team = has(cmdbFaults.team) ? "Skunk Works" : pick(teams).name;
    return [
      hex(32),
      name,
      index % 60 === 7 ? "" : `P${1_000_000 + index}`,
      index % 40 === 3 ? "N/A" : `00${digits(8)}`,
      has(cmdbFaults.address) ? "10.12.300.7" : `10.${whole(20)}.${whole(256)}.${1 + whole(254)}`,
      Array.from({ length: 6 }, () => hex(2)).join(":"),
      system,
      version,
      has(cmdbFaults.blankWord) ? "unknown" : String(pick([2, 4, 8, 16, 32])),
      grouped(1024 * pick([4, 8, 16, 64, 256]), ","),
      grouped(pick([80, 250, 500, 2746, 12_000]), ","),
      index === 40 ? "production" : pick(["Production", "Staging", "Test", "Development"]),
      pick(["In Use", "In Stock", "Retired"]),
      pick(["1 - critical", "2 - important", "3 - normal"]),
      Array.from({ length: whole(4) }, () => `APP-${String(1 + whole(60)).padStart(4, "0")}`).join("; "),
      team,
      index % 25 === 11 ? "-" : pick(teams).mail,
      has(cmdbFaults.date) ? "2/30/2024" : `${month}/${dayOfMonth}/${year}`,
      index % 9 === 4 ? "" : `${endYear + 5}-${two(endMonth)}-${two(endDay)}`,
      `2026-11-${two(1 + whole(20))} ${two(whole(24))}:${two(whole(60))}:${two(whole(60))}`,
      `$${grouped(20 + whole(4000), ",")}.${digits(2)}`,
      `${whole(101)}%`,
      pick(["Yes", "No"]),
      index < 10 || index % 3 > 0 ? "" : `PARENT-${whole(10)}`,
      index % 11 === 2 ? 'moved from "old" rack, see\nticket 4711' : "",
    ];
  });
  const names = rows.map((row) => row[1] as string);
  for (const row of rows)
    row[23] = (row[23] as string).replace(/^PARENT-(\d)$/, (_, at) => names[Number(at)] as string);
  const cell = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return {
    "servers.csv": `\ufeff${[header, ...rows.map((row) => row.map(cell).join(","))].join("\r\n")}\r\n`,
    "applications.json": `${JSON.stringify({ meta: { generated: "2026-11-20T02:00:00Z", count: 60 }, result: { applications } }, null, 1)}\n`,
    "teams.csv": `Team ID;Name;E-Mail;Parent;Headcount;Budget (EUR);Outsourced;Members\n${teamLines.join("\n")}\n`,
  };
}

/** Mulberry32: small, seeded, good enough for test data. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
