import { expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SERVICES } from "@order-outbox/registry";
import { outbox } from "@order-outbox/system";
import { freePort, REPOSITORY, startProcess, tempDir } from "@order-outbox/testing";

const START = [process.execPath, join(REPOSITORY, "scripts/dev.ts")];
/** Root may write anywhere: what is refused to others is tried as one of them. */
const AS_NOBODY = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--clear-groups"] : [];

const GIVEN_UP_MS = 15_000;

async function settingsFor(dataDir: string): Promise<Record<string, string | undefined>> {
  const variables = [...SERVICES.map(({ portVariable }) => portVariable), "BROKER_PORT"];
  const ports = await Promise.all(
    variables.map(async (name) => [name, String(await freePort())] as const),
  );
  return {
    ...Object.fromEntries(ports),
    DATA_DIR: dataDir,
    KAFKA_HOST: undefined,
    HOST: undefined,
  };
}

async function outcome(dataDir: string, command = START, env: Record<string, string> = {}) {
  await using child = startProcess(command, { env: { ...(await settingsFor(dataDir)), ...env } });
  const code = await Promise.race([child.exited, Bun.sleep(GIVEN_UP_MS).then(() => "it runs on")]);
  await child.waitForLine(/./);
  return { code, said: child.lines.join("\n") };
}

test("an unknown option and a HOST that is nobody's are refused in a sentence", async () => {
  using folder = tempDir();
  expect(await outcome(folder.path, [...START, "--wat"])).toEqual({
    code: 2,
    said: "Unknown option '--wat'\n(--help shows the options)",
  });
  expect(await outcome(folder.path, START, { HOST: "999.1.1.1" })).toEqual({
    code: 1,
    said: "Cannot start, nothing was started:\n  HOST=999.1.1.1 is no address of this machine",
  });
});

test("a DATA_DIR that is a file, or in one, is refused with the cause", async () => {
  using folder = tempDir();
  const file = folder.join("file");
  writeFileSync(file, "");
  expect(await outcome(file)).toEqual({
    code: 78,
    said: `Cannot start, there is no place for data:\n  ${file} is a file, not a folder: set DATA_DIR to another folder`,
  });
  expect((await outcome(join(file, "x"))).said).toContain("lies in a file, not in a folder");
});

test("a DATA_DIR that may not be written is refused with the cause, by start and by the broker", async () => {
  using folder = tempDir();
  chmodSync(folder.path, 0o755);
  const data = folder.join("data");
  mkdirSync(data, { mode: 0o555 });
  const start = await outcome(data, [...AS_NOBODY, ...START]);
  expect(start).toEqual({ code: 78, said: expect.any(String) });
  expect(start.said).toContain(`${data} may not be written by this user`);
  const script = join(REPOSITORY, "scripts/broker.ts");
  const broker = [process.execPath, script, "--port", "0", "--data", join(data, "broker")];
  const { code, said } = await outcome(data, [...AS_NOBODY, ...broker]);
  expect(code).toBe(78);
  expect(said).toMatch(/^The broker could not start: no data can be kept in .*EACCES/);
  expect(said.split("\n")).toHaveLength(1);
});

test.each([
  ["broker/broker.db", "broker"],
  ["payments.db", "payment-service"],
])("where %s is no database everything ends, and the cause is one line", async (file, name) => {
  using folder = tempDir();
  mkdirSync(folder.join("broker"));
  writeFileSync(folder.join(file), "no database ".repeat(1_000));
  const { code, said } = await outcome(folder.path);
  expect(code).toBe(78);
  const lines = said.split("\n").filter((line) => line.startsWith(name));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("file is not a database");
  expect(said).toContain(`${name} cannot run like this, as it says above; stopping everything`);
});

test("a second system on one folder is refused at once, and tools find the first one's broker", async () => {
  using folder = tempDir();
  const env = await settingsFor(folder.path);
  {
    await using first = startProcess(START, { env });
    await first.waitForLine("Ready after", 30_000);
    const second = await outcome(folder.path);
    expect(second.code).toBe(1);
    expect(second.said).toContain(`Cannot start, a system runs in ${folder.path}:`);
    for (const part of [`:${env.ORDER_PORT}/api/orders`, `127.0.0.1:${env.BROKER_PORT}`]) {
      expect(second.said).toContain(part);
    }
    expect(second.said).toContain(`kill ${first.pid}`);

    const place = { dataDir: folder.path };
    const found = await outbox({ ...place, env: { KAFKA_HOST: "" } }, "status");
    expect(found).toMatchObject({ err: "", exitCode: 0 });
    const told = { KAFKA_HOST: "", BROKER_PORT: String(env.BROKER_PORT) };
    expect(await outbox({ ...place, env: told }, "status")).toMatchObject({ exitCode: 0 });
    const wrong = await outbox({ ...place, env: { ...told, BROKER_PORT: "1" } }, "status");
    expect(wrong).toMatchObject({ err: "outbox: no broker answers at 127.0.0.1:1\n", exitCode: 2 });
    first.kill("SIGKILL");
    await first.exited;
  }
  expect(existsSync(folder.join("running.json"))).toBe(true);
  await using third = startProcess(START, { env });
  await third.waitForLine("Ready after", 30_000);
  third.kill("SIGTERM");
  expect(await third.exited).toBe(0);
});
