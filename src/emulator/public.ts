/** `portload/emulator`: a catalog for other people's tests of what they send to Port. docs/library.md tells how it is used. */
export type { Blueprint, Property, Relation } from "../blueprint.js";
export type { Credentials } from "../secrets.js";
export { type Emulator, type EmulatorOptions, type EmulatorStats, type Store, startEmulator } from "./emulator.js";
export type { FaultRule, FaultScript, Readings } from "./emulator-options.js";
export type { FamilyStats, LimitFamily } from "./limits.js";
export type { StoredBlueprint, StoredEntity, Targets } from "./model.js";
