import { parseDocument } from "yaml";
import type { Blueprint } from "../blueprint.js";
import { BlueprintError, type Issue } from "../errors.js";
import { blueprintSchema } from "./blueprint-schema.js";

/**
 * Reads the blueprints of one file: a blueprint, a list of them, or an object with the list under `blueprints`, as the API's own reply has it.
 *
 * @param file - name of the file; `.yaml` and `.yml` are read as YAML, all else as JSON
 * @throws {BlueprintError} with every fault at once, each with its dotted path
 */
export function parseBlueprints(text: string, file: string): Blueprint[] {
  const content = parseContent(text, file);
  const { values, prefix } = valuesOf(content);
  const issues: Issue[] = [];
  const blueprints: Blueprint[] = [];
  for (const [index, value] of values.entries()) {
    const parsed = blueprintSchema.safeParse(value);
    const path = prefix === undefined ? [] : [...prefix, index];
    // the value itself, not the parsed copy: key order and unknown words stay as the file has them
    if (parsed.success) blueprints.push(value as Blueprint);
    else issues.push(...parsed.error.issues.map((issue) => issueOf(issue, [...path, ...issue.path])));
  }
  if (issues.length > 0) throw faultsError(file, issues);
  return blueprints;
}

function parseContent(text: string, file: string): unknown {
  if (/\.ya?ml$/i.test(file)) {
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error === undefined) return document.toJS();
    throw new BlueprintError(`${file} is not valid YAML: ${error.message}`, { cause: error });
  }
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BlueprintError(`${file} is not valid JSON: ${reason}`, { cause: error });
  }
}

function valuesOf(content: unknown): { values: readonly unknown[]; prefix?: readonly PropertyKey[] } {
  if (Array.isArray(content)) return { values: content, prefix: [] };
  if (typeof content === "object" && content !== null && "blueprints" in content && Array.isArray(content.blueprints)) {
    return { values: content.blueprints, prefix: ["blueprints"] };
  }
  return { values: [content] };
}

/** A key of a map that breaks its pattern is told by zod as an issue within an issue. */
function issueOf(
  issue: { readonly message: string; readonly issues?: readonly { readonly message: string }[] },
  path: readonly PropertyKey[],
): Issue {
  const inner = issue.issues?.map((one) => one.message).join(", ");
  return { path: path.map(String).join("."), message: inner ? `${issue.message}: ${inner}` : issue.message };
}

function faultsError(file: string, issues: readonly Issue[]): BlueprintError {
  const lines = issues.map(({ path, message }) => `  ${file}${path === "" ? "" : ` ${path}`}: ${message}`);
  return new BlueprintError(
    `${issues.length} ${issues.length === 1 ? "fault" : "faults"} in the blueprint file\n${lines.join("\n")}`,
    { hint: "a blueprint is an object as the API gives it: identifier, title, schema.properties, relations" },
  );
}
