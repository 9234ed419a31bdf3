import { startSystem } from "@order-outbox/launcher";

await startSystem();
