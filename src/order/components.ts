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
