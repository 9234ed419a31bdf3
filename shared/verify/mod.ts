export { printReport } from "./print-report.ts";
export type { Finding, Report } from "./report.ts";
export { verifySystem } from "./verify-system.ts";
