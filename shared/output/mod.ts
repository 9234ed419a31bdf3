export { createOutput, type Output, type OutputOptions } from "./output.ts";
