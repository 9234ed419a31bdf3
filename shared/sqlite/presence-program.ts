// Lives on the database of its first argument, says so, and stays: to be stopped and killed.
import { holdPresence } from "./mod.ts";

const presence = holdPresence(process.argv[2] ?? "", "relay");
console.log(`alive ${presence.id}`);
setInterval(() => presence, 1_000);
