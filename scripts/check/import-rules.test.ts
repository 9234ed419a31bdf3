import { expect, test } from "bun:test";
import { findImportViolations } from "./import-rules.ts";
import { readSources } from "./imports.ts";

test("no source of this repository breaks the layering", async () => {
  const sources = await readSources(`${import.meta.dir}/../..`);
  expect(sources.length).toBeGreaterThan(100);
  expect(findImportViolations(sources)).toEqual([]);
});

test("each way to break the layering is named", () => {
  const file = (path: string, ...imports: string[]) => ({ path, imports });
  const violations = findImportViolations([
    file("services/order-service/src/app.ts", "@order-outbox/payment-service", "elysia"),
    file("services/order-service/src/app.ts", "../../payment-service/src/app.ts"),
    file("services/order-service/src/app.ts", "@order-outbox/dev-broker", "@order-outbox/outbox"),
    file("shared/outbox/relay.ts", "@order-outbox/inbox", "@order-outbox/kafka"),
    file("shared/sqlite/open.ts", "@order-outbox/contracts", "./migrate"),
    file("shared/inbox/lanes.ts", "@order-outbox/kafka/publisher.ts"),
    file("shared/inbox/lanes.test.ts", "@order-outbox/testing", "./lanes.ts"),
    file("shared/chaos/run.ts", "@order-outbox/verify", "@order-outbox/operator-cli"),
    file("services/order-service/src/app.ts", "@order-outbox/registry"),
    file("scripts/broker.ts", "@order-outbox/dev-broker"),
    file("shared/outbox/relay.ts", "@order-outbox/sqlite"),
    file("shared/outbox/hold-back.ts", "./sqlite/outbox-store.ts"),
    file("shared/outbox/sqlite/outbox-store.ts", "@order-outbox/sqlite", "../store.ts"),
    file("shared/outbox/mod.ts", "./sqlite/outbox-store.ts"),
  ]);
  expect(violations.map((line) => line.replace(/^.*\((.*)\)$/, "$1"))).toEqual([
    "nobody imports a service",
    "leaves its package",
    "only tests, tools and scripts import this package",
    "shared/outbox may not import shared/inbox",
    "shared/sqlite may not import shared/contracts",
    "relative imports name the file, with .ts",
    "import a package by its name: its face is mod.ts",
    "only tests, tools and scripts import this package",
    "only tests, tools and scripts import this package",
    "only the folder sqlite and mod.ts know of a database",
    "only the folder sqlite and mod.ts know of a database",
  ]);
});
