import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { EVENTS, TOPICS } from "@order-outbox/contracts";
import { REPOSITORY } from "@order-outbox/testing";
import { SERVICES } from "./mod.ts";

test("every service's folder has its entry", () => {
  const folders = readdirSync(join(REPOSITORY, "services"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => `services/${name}`);
  expect(SERVICES.map(({ folder }) => folder).toSorted()).toEqual(folders.toSorted());
});

test("an entry says the port and the database that the service itself would take", async () => {
  for (const { folder, port, database } of SERVICES) {
    const file = join(REPOSITORY, folder, "src/config.ts");
    // A small service has its settings in main.ts, which nobody can import.
    if (!existsSync(file)) continue;
    const exports: Record<string, unknown> = await import(file);
    const settings = Object.values(exports).find(
      (one) => typeof one === "object" && one !== null && "properties" in one,
    ) as { properties: Record<string, { default?: unknown }> };
    const { PORT, DATABASE_PATH } = settings.properties;
    expect([folder, PORT?.default, DATABASE_PATH?.default]).toEqual([folder, port, database]);
  }
});

test("no two services share a port, a variable or a database", () => {
  for (const field of ["name", "folder", "port", "portVariable", "database"] as const) {
    expect(new Set(SERVICES.map((service) => service[field])).size).toBe(SERVICES.length);
  }
});

test("each topic is published by one service, the one that its events have for a writer", () => {
  for (const topic of Object.values(TOPICS)) {
    const publishing = SERVICES.filter(({ publishes }) => publishes.includes(topic));
    const writers = Object.values(EVENTS.definitions)
      .filter((definition) => definition.topic === topic)
      .map(({ writer }) => writer);
    expect([topic, ...new Set(writers)]).toEqual([topic, ...publishing.map(({ name }) => name)]);
  }
});
