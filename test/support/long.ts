/** Whether this is `npm run test:long`, which takes more sizes and readings than `npm test`. */
export const isLong = process.env.PORTLOAD_LONG !== undefined;
/** Whether random kills, nights and catalogs are as many as promised; with `PORTLOAD_SEEDS=few`, as in `.ci/run`, a few of each. */
export const hasAllSeeds = isLong && process.env.PORTLOAD_SEEDS !== "few";
