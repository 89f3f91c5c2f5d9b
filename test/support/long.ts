/** Whether this is `npm run test:long`, which takes more seeds, sizes and readings than `npm test`. */
export const isLong = process.env.PORTLOAD_LONG !== undefined;
