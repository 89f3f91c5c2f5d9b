import type { Property } from "../blueprint.js";
import { isObject } from "./json-object.js";

/**
 * Gives properties as values are checked against them: Ajv runs formats on texts and numbers only, so what a labeled URL holds has to be asked for in so many words.
 * @source fact sheet 2.3: an object with `url`, and `displayText` if it has any
 */
export function withLabeledUrls(properties: Readonly<Record<string, Property>>): Readonly<Record<string, Property>> {
  return Object.fromEntries(Object.entries(properties).map(([key, property]) => [key, asChecked(property)] as const));
}

function asChecked<One extends Partial<Property>>(property: One): One {
  if (isObject(property.items)) return { ...property, items: asChecked(property.items) };
  return property.format === "labeled-url" ? { ...property, allOf: [property, labeledUrl] } : property;
}

const labeledUrl = {
  type: "object",
  properties: { url: { type: "string" }, displayText: { type: ["string", "null"] } },
  required: ["url"],
};
