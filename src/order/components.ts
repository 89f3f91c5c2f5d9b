import { BlueprintError } from "../errors.js";
import type { Link } from "./links.js";

/**
 * Groups the nodes of a graph into strongly connected components, each after all that its nodes point to. Nodes of one component reach each
 * other. The same input gives the same order: nodes and arrows are followed in the order given.
 *
 * @source R. Tarjan, "Depth-first search and linear graph algorithms", 1972
 */
export function components(nodes: readonly string[], targetsOf: (node: string) => readonly string[]): string[][] {
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
 * Refuses required relations that go round: no entity of such a cycle could be the first.
 *
 * @throws {BlueprintError} naming the relations of the first cycle found; a required relation of a blueprint to itself is one
 */
export function refuseRequiredCycle(blueprints: readonly string[], links: readonly Link[]): void {
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
