/** How a graph of blueprints looks. */
export const graphCss = `
svg.graph { display: block; margin: 0 auto; overflow: visible; }
svg.graph rect { fill: var(--mark); stroke: var(--link); rx: 6px; }
svg.graph a:focus-visible rect { stroke-width: 3px; }
svg.graph text { fill: var(--text); font-size: 13px; text-anchor: middle; }
svg.graph .name { font-weight: 600; }
svg.graph .label { font-size: 11px; fill: var(--quiet); stroke: var(--panel); stroke-width: 5px; paint-order: stroke; }
svg.graph .start { text-anchor: start; }
svg.graph path.edge { fill: none; stroke: var(--quiet); }
svg.graph path.required { stroke-width: 2.2px; }
svg.graph .head { fill: var(--quiet); }
@media (max-width: 640px) { svg.graph { width: 640px; height: auto; } }
`;
