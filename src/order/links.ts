import type { Blueprint } from "../blueprint.js";

/** A relation that the mapping writes. */
export interface Link {
  readonly blueprint: string;
  readonly relation: string;
  readonly target: string;
  readonly isRequired: boolean;
}

/** Which relations the mapping writes. */
export interface MappedRelations {
  /** By constant blueprint; a blueprint that is absent maps none. All relations when not given. */
  readonly mapped?: ReadonlyMap<string, Iterable<string>>;
  /** By resources whose blueprint is an expression; all when not given. */
  readonly mappedDynamic?: Iterable<string>;
}

/** Gives the links of a blueprint that its constant resources write, in the blueprint's order. */
export function linksOf(
  blueprint: string,
  catalog: ReadonlyMap<string, Blueprint>,
  { mapped }: MappedRelations,
): Link[] {
  return within(allLinks(blueprint, catalog), mapped === undefined ? undefined : (mapped.get(blueprint) ?? []));
}

/** Gives the links of a blueprint that resources with an expression as blueprint write. */
export function dynamicLinksOf(
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
