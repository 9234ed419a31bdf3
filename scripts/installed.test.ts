import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { copyRepository } from "@order-outbox/system";
import { freePort, startProcess, tempDir } from "@order-outbox/testing";

const GIVEN_UP_MS = 15_000;

/** What a program says that does not stay, and with which code it ends. */
async function outcome(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
) {
  await using child = startProcess([process.execPath, ...args], options);
  const code = await Promise.race([child.exited, Bun.sleep(GIVEN_UP_MS).then(() => "it runs on")]);
  await child.waitForLine(/./);
  return { code, said: child.lines.join("\n") };
}

describe.if(process.env.PROOF === "full")("what is not installed", () => {
  test("without packages every program names the command that installs them, and ends", async () => {
    using copy = tempDir();
    copyRepository(copy.path);
    const services = ["order", "payment", "notification"].map((name) => `services/${name}-service`);
    const programs = [
      ...services.map((folder) => ({ cwd: copy.path, args: [`${folder}/src/main.ts`] })),
      ...services.map((folder) => ({ cwd: join(copy.path, folder), args: ["src/main.ts"] })),
      ...services.map((folder) => ({ cwd: join(copy.path, folder), args: ["run", "start"] })),
      ...["broker", "sql", "outbox", "chaos", "bench", "contracts"].map((script) => ({
        cwd: copy.path,
        args: ["run", script, "--help"],
      })),
      { cwd: copy.path, args: ["scripts/dev.ts"] },
    ];
    for (const { cwd, args } of programs) {
      const { code, said } = await outcome(args, { cwd });
      expect({ args, code, said }).toEqual({ args, code: 78, said: expect.any(String) });
      expect(said).toContain(`cd ${copy.path} && bun install`);
      expect(said).not.toContain("    at ");
    }
  });

  test("kafkajs without its patch is refused by services and tools, with the command that mends it", async () => {
    using copy = tempDir();
    copyRepository(copy.path);
    const manifest = Bun.file(copy.join("package.json"));
    const { patchedDependencies: _, ...unpatched } = await manifest.json();
    await manifest.write(JSON.stringify(unpatched));
    const install = await outcome(["install"], { cwd: copy.path });
    expect(install).toEqual({ code: 0, said: expect.any(String) });

    const env = {
      PORT: String(await freePort()),
      KAFKA_HOST: "127.0.0.1:1",
      DATABASE_PATH: copy.join("x.db"),
      DATA_DIR: copy.path,
    };
    const programs = [
      ...["order", "payment", "notification"].map((name) => ({
        args: [`services/${name}-service/src/main.ts`],
        code: 78,
      })),
      { args: ["scripts/outbox.ts", "status"], code: 2 },
    ];
    for (const { args, code } of programs) {
      const found = await outcome(args, { cwd: copy.path, env });
      expect({ args, ...found }).toEqual({ args, code, said: expect.any(String) });
      expect(found.said).toContain('run "bun install"');
      expect(found.said.split("\n")).toHaveLength(1);
    }
    expect(existsSync(env.DATABASE_PATH)).toBe(false);
  });
});
