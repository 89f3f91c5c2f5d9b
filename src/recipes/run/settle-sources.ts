import type { Receipt } from "../../read/receipt.js";
import { type Ask, settleSource } from "../../read/settle-source.js";
import type { Inventory } from "./inventory.js";

export { type Answer, type Doubt, mappingLine } from "../../read/doubt.js";
export { receiptText } from "../../read/receipt.js";
export type { Receipt };

/** Where receipts and questions about sources go. */
export interface SourceTalk {
  /** Told once a source how it is read, before its first record: files before anything is sent, a stdin or an address when its turn comes. */
  readonly onReceipt?: (receipt: Receipt) => void;
  /** Asked how a source in doubt is to be read; without it doubt is an error. */
  readonly ask?: Ask;
}

/**
 * Looks at the beginning of every source that can be read twice, so that doubt is settled before anything is sent.
 *
 * @throws {SourceError} for a source that cannot be opened, or stays in doubt
 */
export async function settleSources(
  inventory: Inventory,
  { onReceipt, ask, signal }: SourceTalk & { readonly signal?: AbortSignal },
): Promise<Inventory> {
  const settled = new Map<number, ReturnType<Inventory["optionsOf"]>>();
  for (const source of inventory.sources) {
    const { options, receipt } = await settleSource(
      source,
      inventory.optionsOf(source),
      { ...(signal && { signal }) },
      ask,
    );
    settled.set(source.index, options);
    if (receipt !== undefined) onReceipt?.(receipt);
  }
  return { ...inventory, optionsOf: (source) => settled.get(source.index) ?? inventory.optionsOf(source) };
}

/** Passes on the first receipt of each source. */
export function onceEach(onReceipt: SourceTalk["onReceipt"]): (receipt: Receipt) => void {
  const told = new Set<number>();
  return (receipt) => {
    if (told.has(receipt.source)) return;
    told.add(receipt.source);
    onReceipt?.(receipt);
  };
}
