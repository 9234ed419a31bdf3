import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { startProcess, tempDir } from "@order-outbox/testing";
import { holdPresence } from "./mod.ts";

/** What a life's file is named by. */
const uuidOf = (id: string): string => id.replace("locked-", "");

async function startLife(databasePath: string) {
  const life = startProcess([
    process.execPath,
    `${import.meta.dir}/presence-program.ts`,
    databasePath,
  ]);
  const id = (await life.waitForLine("alive ")).split(" ")[1] ?? "";
  return { id, life };
}

test("a life is over when its process is dead, not while it is stopped, and not because it ended itself", async () => {
  using dir = tempDir();
  const path = dir.join("orders.db");
  const own = holdPresence(path, "relay");
  const { id, life } = await startLife(path);
  await using _life = life;
  expect(own.isGone(id)).toBe(false);
  life.kill("SIGSTOP");
  expect(own.isGone(id)).toBe(false);
  life.kill("SIGKILL");
  await life.exited;
  expect(own.isGone(id)).toBe(true);
  expect(existsSync(`${path}-relay-${uuidOf(id)}`)).toBe(true);
  own.end();
  expect(readdirSync(dir.path)).toEqual([`orders.db-relay-${uuidOf(id)}`]);
});

test("lives of one process are told apart, also in their looks at each other", () => {
  using dir = tempDir();
  const [a, b] = [holdPresence(dir.join("a.db"), "relay"), holdPresence(dir.join("a.db"), "relay")];
  for (let look = 0; look < 3; look++) {
    expect([a.isGone(b.id), b.isGone(a.id), a.isGone(a.id)]).toEqual([false, false, false]);
  }
  const third = holdPresence(dir.join("a.db"), "relay");
  expect([third.isGone(a.id), third.isGone(b.id)]).toEqual([false, false]);
  for (const one of [a, b, third]) one.end();
  expect(readdirSync(dir.path)).toEqual([]);
});

test("a sweep takes what the dead have left, and leaves the living and the other roles alone", async () => {
  using dir = tempDir();
  const path = dir.join("orders.db");
  const { id, life } = await startLife(path);
  const living = await startLife(path);
  await using _living = living.life;
  await using _life = life;
  life.kill("SIGKILL");
  await life.exited;
  const own = holdPresence(path, "relay");
  const member = holdPresence(path, "member");
  member.sweep();
  expect(own.isGone(id)).toBe(true);
  own.sweep();
  expect(readdirSync(dir.path).toSorted()).toEqual(
    [
      `orders.db-member-${member.id}`,
      `orders.db-relay-${uuidOf(living.id)}`,
      `orders.db-relay-${uuidOf(own.id)}`,
    ].toSorted(),
  );
  expect([own.isGone(living.id), own.isGone(id)]).toEqual([false, true]);
  for (const one of [own, member]) one.end();
});

test("of a life that nothing is known of nobody says that it is over", () => {
  using dir = tempDir();
  const own = holdPresence(dir.join("a.db"), "relay");
  expect(own.isGone(crypto.randomUUID())).toBe(false);
  expect(own.isGone(`x/../../a.db-relay-${uuidOf(own.id)}`)).toBe(false);
  const inMemory = holdPresence(":memory:", "relay");
  writeFileSync(dir.join("file"), "");
  const nowhere = holdPresence(dir.join("file/b.db"), "relay");
  expect([own.isGone(inMemory.id), own.isGone(nowhere.id)]).toEqual([false, false]);
  for (const one of [inMemory, nowhere, own]) {
    one.sweep();
    one.end();
  }
  expect(readdirSync(dir.path)).toEqual(["file"]);
});

test("a relay that held its lock is over without its file, as in a restored copy; a member may be elsewhere", () => {
  using dir = tempDir();
  const [original, copy] = [dir.join("orders.db"), dir.join("copy.db")];
  const [relay, member] = [holdPresence(original, "relay"), holdPresence(original, "member")];
  const [next, joining] = [holdPresence(copy, "relay"), holdPresence(copy, "member")];
  expect([next.isGone(relay.id), joining.isGone(member.id)]).toEqual([true, false]);
  const beside = holdPresence(original, "relay");
  expect(beside.isGone(relay.id)).toBe(false);
  relay.end();
  expect(beside.isGone(relay.id)).toBe(true);
  for (const one of [member, next, joining, beside]) one.end();
});
