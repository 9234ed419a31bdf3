export { freePort } from "./free-port.ts";
export { type ProcessOptions, startProcess, type TestProcess } from "./process.ts";
export { type TempDir, tempDir } from "./temp-dir.ts";
export { uniqueName } from "./unique-name.ts";
export { type WaitOptions, waitFor } from "./wait-for.ts";
