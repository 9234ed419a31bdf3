export { runVerb } from "./commands.ts";
export { sqlCommand } from "./sql/sql-command.ts";
