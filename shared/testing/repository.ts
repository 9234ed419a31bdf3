import { resolve } from "node:path";

/** The root of this repository. */
export const REPOSITORY: string = resolve(import.meta.dir, "../..");
