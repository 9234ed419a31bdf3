import { describe, expect, test } from "bun:test";
import {
  bytes,
  createTestGroups,
  GROUP,
  isParked,
  REBALANCE_MS,
  SESSION_MS,
  type TestGroups,
  text,
} from "./test-groups.ts";

async function pair(enter: TestGroups["stable"]) {
  return enter({ clientId: "leader" }, { clientId: "follower" });
}

const members = (groups: TestGroups) =>
  groups.coordinator.describe([GROUP])[0]?.members.map(({ memberId }) => memberId);

describe("dividing the work", () => {
  test("answers everyone when the leader has divided it", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const waiting = groups.sync(follower);
    expect(await isParked(waiting)).toBe(true);
    const own = groups.sync(leader, {
      assignments: [
        { memberId: leader.memberId, assignment: bytes("left") },
        { memberId: follower.memberId, assignment: bytes("right") },
      ],
    });
    expect([text((await own).assignment), text((await waiting).assignment)]).toEqual([
      "left",
      "right",
    ]);
    expect(groups.state()).toBe("Stable");
  });

  test("leaves a member that the leader forgot without work, not with its old work", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    groups.join({ memberId: leader.memberId });
    const { generationId } = await groups.join({ memberId: follower.memberId });
    await groups.sync({ ...leader, generationId });
    expect(await groups.sync({ ...follower, generationId })).toEqual({
      errorCode: 0,
      assignment: new Uint8Array(0),
    });
  });

  test("is up to the leader alone", async () => {
    const groups = createTestGroups();
    const [, follower] = await pair(groups.joinTogether);
    const waiting = groups.sync(follower, {
      assignments: [{ memberId: follower.memberId, assignment: bytes("everything") }],
    });
    expect([await isParked(waiting), groups.state()]).toEqual([true, "CompletingRebalance"]);
  });

  test("starts anew when someone joins meanwhile", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const waiting = groups.sync(follower);
    const newcomer = groups.join();
    expect(await waiting).toMatchObject({ errorCode: 27 });
    expect(await groups.sync(leader)).toMatchObject({ errorCode: 27 });

    groups.join({ memberId: follower.memberId });
    groups.join({ memberId: leader.memberId });
    expect(await newcomer).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  test("is over for a while: nothing disturbs members that have all synced", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    for (let waitedMs = 0; waitedMs < REBALANCE_MS * 2; waitedMs += 5_000) {
      expect([groups.heartbeat(leader), groups.heartbeat(follower)]).toEqual([0, 0]);
      await groups.timers.advance(5_000);
    }
  });

  test("is refused to an older generation (22) and to strangers (25)", async () => {
    const groups = createTestGroups();
    const [leader] = await pair(groups.stable);
    expect(await groups.sync({ ...leader, generationId: 0 })).toMatchObject({ errorCode: 22 });
    expect(groups.heartbeat({ ...leader, generationId: 2 })).toBe(22);
    expect(await groups.sync({ ...leader, memberId: "ghost" })).toMatchObject({ errorCode: 25 });
    expect(groups.heartbeat({ ...leader, memberId: "ghost" })).toBe(25);
  });

  test("can be asked for again over another connection", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const connection = new AbortController();
    const first = groups.sync(follower, { signal: connection.signal });
    const second = groups.sync(follower);
    expect(await first).toMatchObject({ errorCode: 27 });
    connection.abort();
    const assignments = [{ memberId: follower.memberId, assignment: bytes("right") }];
    groups.sync(leader, { assignments });
    expect(text((await second).assignment)).toBe("right");
  });
});

describe("a rebalance timeout", () => {
  test("drops the dynamic members that have not come back", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    const rejoin = groups.join({ memberId: leader.memberId });
    for (let waitedMs = 0; waitedMs < REBALANCE_MS; waitedMs += 5_000) {
      expect(await isParked(rejoin)).toBe(true);
      expect(groups.heartbeat(follower)).toBe(27);
      await groups.timers.advance(5_000);
    }
    expect(await rejoin).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(members(groups)).toEqual([leader.memberId]);
    expect(groups.heartbeat(follower)).toBe(25);
  });

  test("is that of the most patient member", async () => {
    const groups = createTestGroups();
    const [first] = await groups.stable(
      { rebalanceTimeoutMs: 1_000 },
      { rebalanceTimeoutMs: 8_000 },
    );
    const rejoin = groups.join({ memberId: first.memberId, rebalanceTimeoutMs: 1_000 });
    await groups.timers.advance(7_999);
    expect(await isParked(rejoin)).toBe(true);
    await groups.timers.advance(1);
    expect(await rejoin).toMatchObject({ generationId: 2 });
  });

  test("gives the lead of one that did not come back to one that did", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    const newcomer = groups.join({ clientId: "newcomer" });
    groups.join({ memberId: follower.memberId });
    for (let waitedMs = 0; waitedMs < REBALANCE_MS; waitedMs += 5_000) {
      groups.heartbeat(leader);
      await groups.timers.advance(5_000);
    }
    expect(await newcomer).toMatchObject({ generationId: 2, leader: follower.memberId });
  });
});

describe("a session", () => {
  test("ends without heartbeats, and the others rebalance", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    await groups.timers.advance(SESSION_MS - 1);
    expect(groups.heartbeat(follower)).toBe(0);
    await groups.timers.advance(1);
    expect(groups.heartbeat(follower)).toBe(27);
    expect(await groups.join({ memberId: follower.memberId })).toMatchObject({
      errorCode: 0,
      generationId: 2,
      leader: follower.memberId,
    });
    expect(groups.heartbeat(leader)).toBe(25);
  });

  test("is kept by offset commits", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    for (let round = 0; round < 3; round += 1) {
      await groups.timers.advance(SESSION_MS - 1);
      await groups.coordinator.commitOffsets({ groupId: GROUP, ...leader, offsets: [] });
      groups.heartbeat(follower);
    }
    expect(groups.state()).toBe("Stable");
  });

  test("does not end while a sync is parked, and begins anew with its answer", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const waiting = groups.sync(follower);
    for (let round = 0; round < 2; round += 1) {
      await groups.timers.advance(SESSION_MS - 1);
      groups.heartbeat(leader);
    }
    groups.sync(leader);
    expect(await waiting).toMatchObject({ errorCode: 0 });
    await groups.timers.advance(SESSION_MS - 1);
    expect([groups.heartbeat(leader), groups.heartbeat(follower)]).toEqual([0, 0]);
  });

  test("begins anew for a sync that a rebalance interrupts", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const waiting = groups.sync(follower);
    const newcomer = groups.join();
    expect(await waiting).toMatchObject({ errorCode: 27 });
    groups.join({ memberId: leader.memberId });
    await groups.timers.advance(SESSION_MS);
    expect(await newcomer).toMatchObject({ errorCode: 0 });
    expect(members(groups)).not.toContain(follower.memberId);
  });

  test("is kept by a join that changes nothing", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.stable);
    await groups.timers.advance(SESSION_MS - 1);
    groups.heartbeat(leader);
    await groups.join({ memberId: follower.memberId });
    await groups.timers.advance(SESSION_MS - 1);
    expect(groups.heartbeat(follower)).toBe(0);
  });

  test("of a follower whose sync lost its connection ends like any other", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const connection = new AbortController();
    const lost = groups.sync(follower, { signal: connection.signal });
    connection.abort();
    expect(await lost).toMatchObject({ errorCode: 27 });
    await groups.sync(leader);
    await groups.timers.advance(SESSION_MS - 1);
    groups.heartbeat(leader);
    await groups.timers.advance(1);
    expect(members(groups)).toEqual([leader.memberId]);
  });

  test("of the last member leaves an Empty group of the next generation", async () => {
    const groups = createTestGroups();
    await groups.stable({});
    await groups.timers.advance(SESSION_MS);
    expect([groups.state(), groups.timers.running]).toEqual(["Empty", 0]);
    const [next] = await groups.stable({});
    expect(next.generationId).toBe(3);
  });
});

describe("a member that joins but never syncs", () => {
  test("is removed after the rebalance timeout, so that the rest can go on", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    const waiting = groups.sync(follower);
    for (let waitedMs = 0; waitedMs < REBALANCE_MS; waitedMs += 5_000) {
      expect(groups.heartbeat(leader)).toBe(0);
      await groups.timers.advance(5_000);
    }
    expect(await waiting).toMatchObject({ errorCode: 27 });
    expect(members(groups)).toEqual([follower.memberId]);
    expect(await groups.join({ memberId: follower.memberId })).toMatchObject({
      generationId: 2,
      leader: follower.memberId,
    });
  });

  test("is removed from a Stable group too", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await pair(groups.joinTogether);
    await groups.sync(leader);
    for (let waitedMs = 0; waitedMs < REBALANCE_MS; waitedMs += 5_000) {
      expect([groups.heartbeat(leader), groups.heartbeat(follower)]).toEqual([0, 0]);
      await groups.timers.advance(5_000);
    }
    expect([members(groups), groups.heartbeat(leader)]).toEqual([[leader.memberId], 27]);
  });
});
