export { chaosCommand } from "./chaos-command.ts";
