/** A blueprint's property: a JSON Schema with Port's additions. @source API reference, "Create a blueprint" */
export interface Property {
  readonly type: "string" | "number" | "boolean" | "object" | "array";
  readonly title?: string;
  readonly format?: string;
  readonly spec?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: Partial<Property>;
  readonly [word: string]: unknown;
}

/** A named link from a blueprint to a target blueprint. */
export interface Relation {
  readonly target: string;
  readonly required?: boolean;
  readonly many?: boolean;
  readonly title?: string;
  readonly [word: string]: unknown;
}

/** The API's definition of a kind of entity. */
export interface Blueprint {
  readonly identifier: string;
  readonly title?: string;
  readonly icon?: string | null;
  readonly description?: string;
  readonly schema: { readonly properties: Readonly<Record<string, Property>>; readonly required?: readonly string[] };
  readonly relations?: Readonly<Record<string, Relation>>;
  readonly mirrorProperties?: Readonly<Record<string, unknown>>;
  readonly calculationProperties?: Readonly<Record<string, unknown>>;
  readonly aggregationProperties?: Readonly<Record<string, unknown>>;
  readonly ownership?: { readonly type: "Direct" | "Inherited"; readonly [word: string]: unknown } | null;
  readonly teamInheritance?: unknown;
  readonly [word: string]: unknown;
}

/** Blueprints by identifier. */
export type Blueprints = ReadonlyMap<string, Blueprint>;
