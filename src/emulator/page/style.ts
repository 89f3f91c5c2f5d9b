import { graphCss } from "../../pages/graph-style.js";
import { baseCss } from "../../pages/style.js";

/** The page's stylesheet: that of every page, and what only the catalog page has. */
export const pageCss = `${baseCss}${graphCss}
header { background: var(--panel); border-bottom: 1px solid var(--line); }
header .frame { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 28px; padding-top: 10px; padding-bottom: 10px; }
nav { display: flex; flex-wrap: wrap; gap: 4px 18px; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
main.frame { padding-top: 20px; padding-bottom: 48px; }
ul.inline li { display: inline-block; margin-right: 16px; }
ul.plain { margin: 0; padding: 0; list-style: none; }
form { display: flex; flex-wrap: wrap; gap: 8px; margin: 12px 0; }
.pages { margin-top: 12px; align-items: baseline; }
td.bars { min-width: 180px; vertical-align: middle; }
svg.bar { height: 14px; }
th a.sort { color: inherit; }
`;
