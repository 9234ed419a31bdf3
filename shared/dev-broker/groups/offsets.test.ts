import { describe, expect, test } from "bun:test";
import { type CommittedOffset, createMemoryOffsetStore } from "./mod.ts";
import { createTestGroups, GROUP, type Joined, type TestGroups } from "./test-groups.ts";

const NOBODY = { groupId: GROUP, memberId: "", groupInstanceId: null, generationId: -1 };

function committed(offset: bigint, changes: Partial<CommittedOffset> = {}): CommittedOffset {
  return { topic: "orders", partition: 0, offset, leaderEpoch: -1, metadata: "", ...changes };
}

async function commit(
  groups: TestGroups,
  offsets: CommittedOffset[],
  from: Partial<Joined> = {},
): Promise<number[]> {
  const answer = await groups.coordinator.commitOffsets({ ...NOBODY, ...from, offsets });
  return answer.partitions.map(({ errorCode }) => errorCode);
}

function fetchAll(groups: TestGroups): readonly CommittedOffset[] {
  return groups.coordinator.fetchOffsets({ groupId: GROUP, partitions: null }).offsets;
}

describe("a client that is no member", () => {
  test("commits to a group without members, with offset, epoch and metadata as they are", async () => {
    const groups = createTestGroups();
    const offsets = [
      committed(7n, { leaderEpoch: 3, metadata: "checkpoint" }),
      committed(9_007_199_254_740_993n, { partition: 1 }),
    ];
    expect(await commit(groups, offsets)).toEqual([0, 0]);
    expect(fetchAll(groups)).toEqual(offsets);
  });

  test("commits negative offsets, as kafkajs does to reset a group", async () => {
    const groups = createTestGroups();
    await commit(groups, [committed(-1n), committed(-2n, { partition: 1 })]);
    expect(fetchAll(groups).map(({ offset }) => offset)).toEqual([-1n, -2n]);
  });

  test("may not commit to a group that has members (25)", async () => {
    const groups = createTestGroups();
    const [member] = await groups.stable({});
    expect(await commit(groups, [committed(1n)])).toEqual([25]);
    expect(fetchAll(groups)).toEqual([]);
    groups.leave(member);
    expect(await commit(groups, [committed(1n)])).toEqual([0]);
  });
});

describe("a member", () => {
  test("may not commit for another generation (22)", async () => {
    const groups = createTestGroups();
    const [member] = await groups.stable({});
    expect(await commit(groups, [committed(1n)], { ...member, generationId: 0 })).toEqual([22]);
    expect(await commit(groups, [committed(1n)], { ...member, generationId: -1 })).toEqual([22]);
    expect(await commit(groups, [committed(1n)], member)).toEqual([0]);
  });

  test("may not commit after it has left (25)", async () => {
    const groups = createTestGroups();
    const [member, other] = await groups.stable({}, {});
    groups.leave(member);
    expect(await commit(groups, [committed(1n)], member)).toEqual([25]);
    groups.leave(other);
    expect(await commit(groups, [committed(1n)], member)).toEqual([25]);
  });
});

test("an unknown partition (3) and overlong metadata (12) do not stop the rest", async () => {
  const groups = createTestGroups();
  const answer = await commit(groups, [
    committed(1n, { topic: "nothing" }),
    committed(1n, { partition: 3 }),
    committed(1n, { partition: 1, metadata: "x".repeat(4_097) }),
    committed(1n, { partition: 2, metadata: "x".repeat(4_096) }),
  ]);
  expect(answer).toEqual([3, 3, 12, 0]);
  expect(fetchAll(groups).map(({ partition }) => partition)).toEqual([2]);
});

test("an unknown partition is told apart even when the group refuses the commit", async () => {
  const groups = createTestGroups();
  await groups.stable({});
  const offsets = [committed(1n, { topic: "nothing" }), committed(1n)];
  expect(await commit(groups, offsets)).toEqual([3, 25]);
});

test("a partition without a commit has offset -1 and no error, in any group", () => {
  const groups = createTestGroups();
  const partitions = [{ topic: "orders", partition: 2 }];
  expect(groups.coordinator.fetchOffsets({ groupId: "nobody", partitions })).toEqual({
    errorCode: 0,
    offsets: [committed(-1n, { partition: 2 })],
  });
});

test("a commit that the store does not take is not acknowledged", async () => {
  const full = new Error("disk full");
  const offsets = { ...createMemoryOffsetStore(), commit: () => Promise.reject(full) };
  const groups = createTestGroups({ offsets });
  await expect(commit(groups, [committed(1n)])).rejects.toBe(full);
});

test("offsets outlive the coordinator, members and generations do not", async () => {
  const offsets = createMemoryOffsetStore();
  const before = createTestGroups({ offsets });
  const [member] = await before.stable({});
  await commit(before, [committed(4n)], member);
  before.coordinator.close();

  const after = createTestGroups({ offsets });
  expect([after.state(), fetchAll(after)]).toEqual(["Empty", [committed(4n)]]);
  expect(await after.join({ memberId: member.memberId })).toMatchObject({ errorCode: 25 });
  expect((await after.stable({}))[0].generationId).toBe(1);
});

test("a topic that is deleted takes its offsets along", async () => {
  const offsets = createMemoryOffsetStore();
  await offsets.commit("a", [committed(1n), committed(1n, { topic: "payments" })]);
  await offsets.commit("b", [committed(1n)]);
  offsets.deleteTopic("orders");
  expect([offsets.readAll("a"), offsets.groups()]).toEqual([
    [committed(1n, { topic: "payments" })],
    ["a"],
  ]);
});
