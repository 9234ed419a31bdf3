import { describeOutboxDesk } from "../test-outbox-desk-contract.ts";
import { openOutboxDatabase } from "./test-sqlite-outbox.ts";

describeOutboxDesk("SQLite", openOutboxDatabase);
