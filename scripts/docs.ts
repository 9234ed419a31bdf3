// Writes what docs/operations.md has from the code.
import { metricsTable } from "./docs/metrics-table.ts";
import { writePart } from "./docs/operations-page.ts";
import { settingsTable } from "./docs/settings-table.ts";

writePart("metrics", metricsTable());
writePart("settings", await settingsTable());
