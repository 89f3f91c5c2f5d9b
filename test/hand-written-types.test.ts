import { expectTypeOf, it } from "vitest";
import type { z } from "zod";
import type { FaultRule, FaultScript, Readings } from "../src/emulator/emulator-options.js";
import type { faultScript } from "../src/emulator/faults.js";
import type { readings } from "../src/emulator/readings.js";
import type { mappingFile } from "../src/map/mapping-schema.js";
import type { MappingObject, MappingResource, SourceForm } from "../src/mapping-object.js";
import type { SourceOptions } from "../src/source-options.js";

/** A type with all its keys required, and none read-only: what a schema calls optional is written in several ways. */
type Plain<T> = T extends readonly (infer E)[]
  ? Plain<E>[]
  : T extends object
    ? { -readonly [K in keyof T]-?: Plain<Exclude<T[K], undefined>> }
    : T;

// Types that people see on hover are written by hand; the compiler holds them to the schema that is in force.
it("holds the types that people see to the schemas of what they describe", () => {
  expectTypeOf<keyof MappingObject>().toEqualTypeOf<keyof z.input<typeof mappingFile>>();
  expectTypeOf<keyof MappingResource>().toEqualTypeOf<keyof z.input<typeof mappingFile>["resources"][number]>();
  expectTypeOf<Plain<Omit<MappingObject, "resources" | "onError">>>().toEqualTypeOf<
    Plain<Omit<z.input<typeof mappingFile>, "resources" | "onError">>
  >();
  expectTypeOf<Plain<SourceForm>>().toEqualTypeOf<Plain<SourceOptions>>();
  expectTypeOf<Plain<Readings>>().toEqualTypeOf<Plain<z.output<typeof readings>>>();
  expectTypeOf<Plain<Omit<FaultScript, "faults">>>().toEqualTypeOf<
    Plain<Omit<z.input<typeof faultScript>, "faults">>
  >();
  expectTypeOf<Plain<Omit<FaultRule, "delayMs">>>().toEqualTypeOf<
    Plain<Omit<z.input<typeof faultScript>["faults"][number], "delayMs">>
  >();
});
