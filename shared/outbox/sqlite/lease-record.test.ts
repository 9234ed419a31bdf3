import { describeLease } from "../test-lease-contract.ts";
import { openOutboxDatabase } from "./test-sqlite-outbox.ts";

describeLease("SQLite", openOutboxDatabase);
