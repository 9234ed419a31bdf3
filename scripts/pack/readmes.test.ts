import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY, startProcess } from "@order-outbox/testing";
import { enginePackages } from "./engine-packages.ts";

const BLOCK = /^```ts\n(.*?)^```$/gms;

test("every package of the engine says what it promises, shows it, and has a table of options", async () => {
  for (const { folder } of await enginePackages(REPOSITORY)) {
    const text = await Bun.file(join(REPOSITORY, folder, "README.md")).text();
    const found = [/^# @order-outbox\//, BLOCK, /^\|---/m, /^## Not obvious/m].map((part) =>
      new RegExp(part.source, part.flags.replace("g", "")).test(text),
    );
    expect([folder, found]).toEqual([folder, [true, true, true, true]]);
  }
});

describe.if(process.env.PROOF === "full")("the code in the packages' READMEs", () => {
  test("is taken by the compiler", async () => {
    const folder = mkdtempSync(join(REPOSITORY, "scripts/pack/.readme-"));
    try {
      const files: string[] = [];
      for (const { folder: from } of await enginePackages(REPOSITORY)) {
        const text = await Bun.file(join(REPOSITORY, from, "README.md")).text();
        for (const [, code = ""] of text.matchAll(BLOCK)) {
          const file = join(folder, `${from.replace("/", "-")}-${files.length}.ts`);
          await Bun.write(file, `${code}\nexport {};\n`);
          files.push(file);
        }
      }
      expect(files.length).toBeGreaterThan(12);
      await Bun.write(
        join(folder, "tsconfig.json"),
        JSON.stringify({ extends: "../../../tsconfig.json", include: [], files }),
      );
      await using compiler = startProcess([
        join(REPOSITORY, "node_modules/.bin/tsc"),
        "-p",
        folder,
      ]);
      const code = await compiler.exited;
      expect([code, compiler.lines]).toEqual([0, []]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});
