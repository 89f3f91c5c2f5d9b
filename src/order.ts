import type { Blueprint } from "./blueprint.js";
import { BlueprintError, InternalError } from "./errors.js";

/** One step of an import: the entities of one blueprint, or, last, those of resources whose blueprint is an expression. */
export interface Step {
  /** From 0, in the order of writing. */
  readonly index: number;
  /** Absent: the last step, of resources whose blueprint is an expression. */
  readonly blueprint?: string;
}

/** The order of an import, decided before the first row. */
export interface StepPlan {
  readonly steps: readonly Step[];
  /** Index of the step that a blueprint's constant resources write in; the last one for a blueprint without a step of its own. */
  readonly stepOf: (blueprint: string) => number;
  /** Index of the step that a resource writes in. Without a constant blueprint it is the last, even for entities of a blueprint that has its own step. */
  readonly stepOfResource: (resource: { readonly blueprint?: string | undefined }) => number;
  /**
   * The mapped relations of a blueprint whose target may come in the same or a later step, and which may wait for it: self and cyclic ones that
   * are not required. With a last step for dynamic blueprints any target may come in it, so that all that are not required may wait.
   */
  readonly deferrable: (blueprint: string) => readonly string[];
  /** The mapped relations of a blueprint whose target may come in the same or a later step, required ones included. */
  readonly awaited: (blueprint: string) => readonly string[];
}

/** What an import writes to. */
export interface StepInput {
  /** Constant blueprints of the mapping's resources, in order of appearance. */
  readonly blueprints: readonly string[];
  /** Whether a resource has an expression as its blueprint. */
  readonly dynamic: boolean;
}

/** How steps are planned. */
export interface StepOptions extends MappedRelations {
  /** Whether the API creates missing targets, so that a cycle of required relations can be written. */
  readonly createMissing: boolean;
}

/**
 * Puts blueprints in order: relation targets first, ties by order of appearance; within a cycle so that required relations point backwards.
 *
 * Only relations that the mapping writes to blueprints of this import count. Pure: the same input gives the same plan.
 *
 * @throws {BlueprintError} for a cycle of required relations, naming it, unless missing entities are created
 */
export function planSteps(input: StepInput, catalog: ReadonlyMap<string, Blueprint>, options: StepOptions): StepPlan {
  const blueprints = [...new Set(input.blueprints)];
  const links = blueprints
    .flatMap((blueprint) => linksOf(blueprint, catalog, options))
    .filter((link) => blueprints.includes(link.target));
  if (!options.createMissing) refuseRequiredCycle(blueprints, links);
  const ordered = orderBlueprints(blueprints, links);
  const stepIndex = new Map(ordered.map((blueprint, index) => [blueprint, index]));
  const steps: Step[] = ordered.map((blueprint, index) => ({ index, blueprint }));
  if (input.dynamic) steps.push({ index: steps.length });

  const stepOf = (blueprint: string): number => {
    const index = stepIndex.get(blueprint);
    if (index !== undefined) return index;
    if (input.dynamic) return ordered.length;
    throw new InternalError(`the blueprint ${blueprint} is in no step of this import`);
  };
  const awaitedOf = (blueprint: string, withRequired: boolean): readonly string[] => {
    const own = stepIndex.get(blueprint);
    const constant = own === undefined ? [] : linksOf(blueprint, catalog, options);
    const ofAll = input.dynamic ? [...constant, ...dynamicLinksOf(blueprint, catalog, options)] : constant;
    const mayComeLater = ({ target }: Link) => input.dynamic || (stepIndex.get(target) ?? -1) >= (own ?? 0);
    const awaited = ofAll.filter((link) => (withRequired || !link.isRequired) && mayComeLater(link));
    return [...new Set(awaited.map(({ relation }) => relation))];
  };
  return {
    steps,
    stepOf,
    stepOfResource: ({ blueprint }) =>
      blueprint === undefined && input.dynamic ? ordered.length : stepOf(blueprint ?? ""),
    deferrable: remembered((blueprint) => awaitedOf(blueprint, false)),
    awaited: remembered((blueprint) => awaitedOf(blueprint, true)),
  };
}

/** Components come after what they point to; their members so that required links point backwards, then with fewest open targets, then by appearance. */
function orderBlueprints(blueprints: readonly string[], links: readonly Link[]): string[] {
  const appearance = new Map(blueprints.map((blueprint, index) => [blueprint, index]));
  const byAppearance = (a: string, b: string) => (appearance.get(a) ?? 0) - (appearance.get(b) ?? 0);
  const targetsOf = (node: string) =>
    links
      .filter((link) => link.blueprint === node)
      .map((link) => link.target)
      .sort(byAppearance);
  return components(blueprints, targetsOf).flatMap((members) => {
    const inside = links.filter(
      (link) => link.blueprint !== link.target && members.includes(link.blueprint) && members.includes(link.target),
    );
    return orderCycle(members.sort(byAppearance), inside);
  });
}

function orderCycle(members: readonly string[], links: readonly Link[]): string[] {
  const ordered: string[] = [];
  const left = new Set(members);
  const openLinks = (member: string, isRequired: boolean) =>
    links.filter((link) => link.blueprint === member && link.isRequired === isRequired && left.has(link.target)).length;
  while (left.size > 0) {
    const [next] = [...left].sort(
      (a, b) => openLinks(a, true) - openLinks(b, true) || openLinks(a, false) - openLinks(b, false),
    );
    if (next === undefined) break;
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
}

function remembered(compute: (blueprint: string) => readonly string[]): (blueprint: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (blueprint) => {
    const value = known.get(blueprint) ?? compute(blueprint);
    known.set(blueprint, value);
    return value;
  };
}

/** A relation that the mapping writes. */
interface Link {
  readonly blueprint: string;
  readonly relation: string;
  readonly target: string;
  readonly isRequired: boolean;
}

/** Which relations the mapping writes. */
interface MappedRelations {
  /** By constant blueprint; a blueprint that is absent maps none. All relations when not given. */
  readonly mapped?: ReadonlyMap<string, Iterable<string>>;
  /** By resources whose blueprint is an expression; all when not given. */
  readonly mappedDynamic?: Iterable<string>;
}

/** Gives the links of a blueprint that its constant resources write, in the blueprint's order. */
function linksOf(blueprint: string, catalog: ReadonlyMap<string, Blueprint>, { mapped }: MappedRelations): Link[] {
  return within(allLinks(blueprint, catalog), mapped === undefined ? undefined : (mapped.get(blueprint) ?? []));
}

/** Gives the links of a blueprint that resources with an expression as blueprint write. */
function dynamicLinksOf(
  blueprint: string,
  catalog: ReadonlyMap<string, Blueprint>,
  { mappedDynamic }: MappedRelations,
): Link[] {
  return within(allLinks(blueprint, catalog), mappedDynamic);
}

function allLinks(blueprint: string, catalog: ReadonlyMap<string, Blueprint>): Link[] {
  return Object.entries(catalog.get(blueprint)?.relations ?? {}).map(([relation, { target, required }]) => ({
    blueprint,
    relation,
    target,
    isRequired: required === true,
  }));
}

function within(links: Link[], keys: Iterable<string> | undefined): Link[] {
  if (keys === undefined) return links;
  const wanted = new Set(keys);
  return links.filter((link) => wanted.has(link.relation));
}

/**
 * Groups the nodes of a graph into strongly connected components, each after all that its nodes point to. Nodes of one component reach each
 * other. The same input gives the same order: nodes and arrows are followed in the order given.
 *
 * @source R. Tarjan, "Depth-first search and linear graph algorithms", 1972
 */
function components(nodes: readonly string[], targetsOf: (node: string) => readonly string[]): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const lower = (node: string, to: number): void => {
    low.set(node, Math.min(low.get(node) ?? to, to));
  };
  const visit = (node: string): void => {
    const own = index.size;
    index.set(node, own);
    low.set(node, own);
    open.push(node);
    isOpen.add(node);
    for (const target of targetsOf(node)) {
      if (!index.has(target)) {
        visit(target);
        lower(node, low.get(target) ?? own);
      } else if (isOpen.has(target)) lower(node, index.get(target) ?? own);
    }
    if (low.get(node) !== own) return;
    const component = open.splice(open.indexOf(node));
    for (const member of component) isOpen.delete(member);
    found.push(component);
  };
  for (const node of nodes) if (!index.has(node)) visit(node);
  return found;
}

/**
 * Refuses required relations in a cycle: no entity of such a cycle could be the first.
 *
 * @throws {BlueprintError} naming the relations of the first cycle found; a required relation of a blueprint to itself is one
 */
function refuseRequiredCycle(blueprints: readonly string[], links: readonly Link[]): void {
  const required = links.filter((link) => link.isRequired);
  const targetsOf = (node: string) => required.filter((link) => link.blueprint === node).map((link) => link.target);
  for (const members of components(blueprints, targetsOf)) {
    const inside = required.filter((link) => members.includes(link.blueprint) && members.includes(link.target));
    if (inside.length === 0) continue;
    const names = cycleOf(inside).map(({ blueprint, relation, target }) => `${blueprint}.${relation} → ${target}`);
    throw new BlueprintError(
      `required relations form a cycle, so that no entity of it can be written first: ${names.join(", ")}`,
      {
        hint: "make one of these relations optional in its blueprint, leave it out of the mapping, or set createMissingRelatedEntities: true",
      },
    );
  }
}

/** Follows links until a blueprint comes again; every blueprint of a component has a link within it. */
function cycleOf(links: readonly Link[]): Link[] {
  const way: Link[] = [];
  let next = links[0];
  while (next !== undefined) {
    way.push(next);
    const { target } = next;
    const start = way.findIndex((link) => link.blueprint === target);
    if (start >= 0) return way.slice(start);
    next = links.find((link) => link.blueprint === target);
  }
  return way;
}
