import { sqlCommand } from "@order-outbox/operator-cli";

sqlCommand(process.argv.slice(2));
