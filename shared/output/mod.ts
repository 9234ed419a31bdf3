export { isIgnored } from "./ignored-signals.ts";
export { createOutput, type Output, type OutputOptions } from "./output.ts";
