export { startSystem } from "./start-system.ts";
