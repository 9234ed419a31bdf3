export { parseSpan, parseWhole, requirePlace, requireReason } from "./arguments.ts";
export { cleanUpWith } from "./cleanup.ts";
export {
  type Command,
  type Context,
  defineCommand,
  EXIT,
  type ExitCode,
} from "./command.ts";
export { besideDatabase, chooseDataDir, databasePath, describeMissing } from "./data-dir.ts";
export {
  explainError,
  openToRead,
  openToWrite,
  requireAny,
  requireToRead,
  writeAtOnce,
} from "./databases.ts";
export { abortOnSignals, INTERRUPTED } from "./interrupt.ts";
export {
  hasTrend,
  MEMORY_LIMIT,
  type MemorySample,
  type MemoryTrend,
  median,
  memoryTrends,
  readMemory,
  watchMemory,
} from "./memory.ts";
export {
  count,
  formatBytes,
  formatMs,
  formatSpan,
  printFacts,
  printJson,
  printTable,
} from "./print.ts";
export { createProgress } from "./progress.ts";
export { createRandom, type Random } from "./random.ts";
export { prepareReport } from "./report-file.ts";
export { claimFolder, findRunning, type RunningSystem } from "./running.ts";
export { chooseServices, requireOutbox, requireService } from "./services.ts";
export { sleep } from "./sleep.ts";
export { formatTable, type Table } from "./table.ts";
export { EXIT_MISUSED, prepareConsole, runCommand } from "./terminal.ts";
export { UserError } from "./user-error.ts";
