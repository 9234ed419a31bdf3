import { describe, expect, test } from "bun:test";
import {
  createTestGroups,
  GROUP,
  isParked,
  protocol,
  REBALANCE_MS,
  remember,
  SESSION_MS,
  type TestGroups,
  text,
} from "./test-groups.ts";

const LEADER = { groupInstanceId: "one", sessionTimeoutMs: 60_000 };
const FOLLOWER = { groupInstanceId: "two", sessionTimeoutMs: 60_000 };

async function pair(enter: TestGroups["stable"]) {
  return enter(LEADER, FOLLOWER);
}

describe("a static member that restarts while the group is Stable", () => {
  test("gets its assignment back under a new id without a rebalance", async () => {
    const groups = createTestGroups();
    const [leader, before] = await pair(groups.stable);
    const answer = await groups.join(FOLLOWER);
    expect(answer).toMatchObject({ errorCode: 0, generationId: 1, leader: leader.memberId });
    expect(answer.memberId).not.toBe(before.memberId);

    const after = remember(answer, FOLLOWER);
    expect(text((await groups.sync(after)).assignment)).toBe(before.memberId);
    expect([groups.state(), groups.heartbeat(leader), groups.heartbeat(after)]).toEqual([
      "Stable",
      0,
      0,
    ]);
  });

  test("fences its former self everywhere", async () => {
    const groups = createTestGroups();
    const [, before] = await pair(groups.stable);
    await groups.join(FOLLOWER);
    const offsets = [{ topic: "orders", partition: 0, offset: 5n, leaderEpoch: -1, metadata: "" }];
    const commit = await groups.coordinator.commitOffsets({ groupId: GROUP, ...before, offsets });
    expect([
      groups.heartbeat(before),
      (await groups.sync(before)).errorCode,
      (await groups.join({ ...FOLLOWER, memberId: before.memberId })).errorCode,
      commit.partitions[0]?.errorCode,
      groups.leave(before)[0],
    ]).toEqual([82, 82, 82, 82, 82]);
    expect(groups.heartbeat({ ...before, groupInstanceId: null })).toBe(25);
  });

  test("is not told to lead even if it did, lest it divide the work anew", async () => {
    const groups = createTestGroups();
    const [before] = await pair(groups.stable);
    const answer = await groups.join(LEADER);
    expect(answer).toMatchObject({ errorCode: 0, leader: before.memberId, members: [] });
    const after = remember(answer, LEADER);
    expect(text((await groups.sync(after)).assignment)).toBe(before.memberId);

    const rejoin = groups.join({ ...LEADER, memberId: after.memberId });
    expect([await isParked(rejoin), groups.state()]).toEqual([true, "PreparingRebalance"]);
  });

  test("starts a rebalance if another protocol would be chosen with it", async () => {
    const groups = createTestGroups();
    const both = [protocol("range"), protocol("sticky")];
    await groups.stable({ ...LEADER, protocols: both }, { ...FOLLOWER, protocols: both });
    const rejoin = groups.join({ ...FOLLOWER, protocols: [protocol("sticky")] });
    expect([await isParked(rejoin), groups.state()]).toEqual([true, "PreparingRebalance"]);
  });

  test("owes the sync that its former self owed, and nothing more", async () => {
    const groups = createTestGroups();
    const [leader, before] = await pair(groups.joinTogether);
    const assignments = [{ memberId: before.memberId, assignment: Uint8Array.of(7) }];
    await groups.sync(leader, { assignments });
    const after = remember(await groups.join(FOLLOWER), FOLLOWER);
    expect((await groups.sync(after)).assignment).toEqual(Uint8Array.of(7));
    await groups.timers.advance(REBALANCE_MS);
    expect(groups.state()).toBe("Stable");

    const silent = remember(await groups.join(FOLLOWER), FOLLOWER);
    await groups.timers.advance(REBALANCE_MS - 1);
    expect([groups.heartbeat(leader), groups.heartbeat(silent)]).toEqual([0, 0]);
  });

  test("is removed if it does not send the sync that its former self owed", async () => {
    const groups = createTestGroups();
    const [leader] = await pair(groups.joinTogether);
    await groups.sync(leader);
    const silent = remember(await groups.join(FOLLOWER), FOLLOWER);
    await groups.timers.advance(REBALANCE_MS);
    expect([groups.heartbeat(leader), groups.heartbeat(silent)]).toEqual([27, 25]);
  });

  test("may be parked for as long as any other afterwards", async () => {
    const groups = createTestGroups();
    const patient = { sessionTimeoutMs: 600_000, rebalanceTimeoutMs: 600_000 };
    await groups.stable({ ...LEADER, ...patient }, FOLLOWER);
    const { memberId } = await groups.join(FOLLOWER);
    const rejoin = groups.join({ ...FOLLOWER, memberId, protocols: CHANGED });
    await groups.timers.advance(300_000);
    expect(await isParked(rejoin)).toBe(true);
  });

  test("has a new session", async () => {
    const groups = createTestGroups();
    const [leader] = await pair(groups.stable);
    const after = remember(await groups.join({ ...FOLLOWER, sessionTimeoutMs: 7_000 }), FOLLOWER);
    await groups.timers.advance(7_000);
    expect([groups.heartbeat(after), groups.heartbeat(leader)]).toEqual([25, 27]);
  });
});

describe("a static member that restarts during a rebalance", () => {
  test("takes over the parked join of its former self, which is fenced", async () => {
    const groups = createTestGroups();
    const [leader, before] = await pair(groups.stable);
    groups.join({ groupInstanceId: "three" });
    const former = groups.join({ ...FOLLOWER, memberId: before.memberId });
    const latter = groups.join(FOLLOWER);
    expect(await former).toMatchObject({ errorCode: 82, memberId: before.memberId });
    groups.join({ ...LEADER, memberId: leader.memberId });
    expect(await latter).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  test("starts anew when the leader may be dividing the work for its former id", async () => {
    const groups = createTestGroups();
    const [leader, before] = await pair(groups.joinTogether);
    const former = groups.sync(before);
    const rejoin = groups.join(FOLLOWER);
    expect(await former).toMatchObject({ errorCode: 82 });
    expect(await groups.sync(leader)).toMatchObject({ errorCode: 27 });
    groups.join({ ...LEADER, memberId: leader.memberId });
    expect(await rejoin).toMatchObject({ errorCode: 0, generationId: 2 });
  });
});

describe("a static member that stays away", () => {
  test("outlives the rebalance timeout and keeps its place until its session ends", async () => {
    const groups = createTestGroups();
    const [leader, away] = await pair(groups.stable);
    const rejoin = groups.join({ ...LEADER, memberId: leader.memberId });
    await groups.timers.advance(REBALANCE_MS);
    const answer = await rejoin;
    expect(answer.members.map(({ memberId }) => memberId)).toEqual([
      leader.memberId,
      away.memberId,
    ]);

    await groups.sync(remember(answer, LEADER));
    await groups.timers.advance(REBALANCE_MS);
    expect(groups.coordinator.describe([GROUP])[0]?.members.length).toBe(1);
  });

  test("does not lead the next generation", async () => {
    const groups = createTestGroups();
    const [, follower] = await pair(groups.stable);
    const rejoin = groups.join({ ...FOLLOWER, memberId: follower.memberId, protocols: CHANGED });
    await groups.timers.advance(REBALANCE_MS);
    expect(await rejoin).toMatchObject({ errorCode: 0, leader: follower.memberId });
  });

  test("holds up the next generation if nobody else is there", async () => {
    const groups = createTestGroups();
    await pair(groups.stable);
    const connection = new AbortController();
    groups.join({ sessionTimeoutMs: SESSION_MS, signal: connection.signal });
    connection.abort();
    await groups.timers.advance(REBALANCE_MS);
    expect(groups.state()).toBe("PreparingRebalance");
    await groups.timers.advance(REBALANCE_MS);
    expect([groups.state(), groups.timers.running]).toEqual(["Empty", 0]);
  });
});

test("an instance id is enough to remove a static member", async () => {
  const groups = createTestGroups();
  const [leader, follower] = await pair(groups.stable);
  expect(groups.leave({ ...follower, memberId: "" })).toEqual([0]);
  expect([groups.heartbeat(leader), groups.heartbeat(follower)]).toEqual([27, 25]);
  expect(groups.leave({ ...follower, memberId: "" })).toEqual([25]);
});

const CHANGED = [protocol("round-robin", "payments")];
