import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { outbox, serviceProcess } from "@order-outbox/system";
import { freePort, REPOSITORY, startProcess, tempDir } from "@order-outbox/testing";

/** Clears the screen, by ESC and by a C1 character, names the window, and turns the text around. */
const EVIL = "x\x1b[2J\x9b2J\x1b]0;owned\x07\u202ereversed\x7f";
// biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be printed
const HARMFUL = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

async function fill(databasePath: string): Promise<void> {
  const [port, kafkaHost] = [await freePort(), "127.0.0.1:1"];
  const place = { port, databasePath, kafkaHost };
  await using service = serviceProcess("notification-service", place);
  await service.start();
  await service.stop();
  using db = new Database(databasePath, { strict: true });
  db.query(
    `INSERT INTO held_events (consumer, state, clusterId, topic, partition, "offset", eventId, eventType,
       eventKey, headers, key, value, errorCode, lastError, attempts, heldAt)
     VALUES ('order-service', 'PARKED', 'c', $evil, 0, 0, $evil, $evil, $evil, $json, CAST($evil AS BLOB), CAST($evil AS BLOB), $evil, $evil, 1, $evil)`,
  ).run({ evil: EVIL, json: JSON.stringify({ [EVIL]: EVIL }) });
  db.query(
    "INSERT INTO operator_audit (at, action, target, reason) VALUES ($evil, $evil, $target, $evil)",
  ).run({ evil: EVIL, target: JSON.stringify({ heldId: 1, why: EVIL }) });
}

async function sql(dataDir: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, join(REPOSITORY, "scripts/sql.ts"), ...args], {
    env: { ...process.env, DATA_DIR: dataDir },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { out, err };
}

test("whatever ids, types, keys, headers, payloads and errors hold, no command gives it to the terminal", async () => {
  using dir = tempDir();
  await fill(dir.join("notifications.db"));
  const place = { dataDir: dir.path };
  const show = ["show", "1", "--service", "notification-service", "--held"];
  const printed = await Promise.all([
    outbox(place, "list"),
    outbox(place, "list", "--json"),
    outbox(place, ...show),
    outbox(place, ...show, "--json"),
    outbox(place, "redrive", "--held", "--key", EVIL, "--dry-run"),
    outbox(place, "list", "--state", EVIL),
    sql(dir.path, "notifications", "SELECT * FROM held_events"),
    sql(dir.path, "--json", "notifications", "SELECT * FROM held_events"),
    sql(dir.path, "notifications", `SELECT 1 AS "${EVIL}"`),
    sql(dir.path, "notifications", `SELECT "${EVIL}", FROM`),
  ]);
  for (const { out, err } of printed) {
    expect(out + err).toContain("\\u001b[2J");
    expect(out + err).not.toMatch(HARMFUL);
  }
  const [, listed] = printed;
  expect(JSON.parse(listed?.out ?? "")[0].eventId).toBe(EVIL);
});

test("an error that nobody foresaw is escaped, too, and ends the command with 1", async () => {
  const script = `
    import { prepareConsole } from ${JSON.stringify(join(REPOSITORY, "shared/tool-kit/terminal.ts"))};
    prepareConsole();
    throw new Error(${JSON.stringify(EVIL)});`;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "pipe" });
  const [err, exitCode] = await Promise.all([child.stderr.text(), child.exited]);
  expect([err.includes("\\u001b[2J"), HARMFUL.test(err), exitCode]).toEqual([true, false, 1]);
});

test.each([
  ["chaos.ts", [], { TMPDIR: "/nowhere" }, "mkdtemp '/nowhere/"],
  ["chaos.ts", ["--report", "/dev/null/x"], {}, "--report cannot be written: "],
  ["bench.ts", ["--part", "start"], { TMPDIR: "/nowhere" }, "mkdtemp '/nowhere/"],
  ["bench.ts", ["--json", "/dev/null/x"], {}, "--json cannot be written: "],
  ["contracts.ts", ["--root", "/nowhere"], {}, "there is no folder /nowhere"],
  ["contracts.ts", ["--root", "/dev/null"], {}, "/dev/null"],
])("%s %p in %p ends with one line and code 2", async (script, args, env, words) => {
  const command = [process.execPath, join(REPOSITORY, "scripts", script), ...args];
  await using child = startProcess(command, { env });
  await child.waitForLine(words);
  expect({ code: await child.exited, lines: child.lines.length }).toEqual({ code: 2, lines: 1 });
});
