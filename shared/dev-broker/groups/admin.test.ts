import { describe, expect, test } from "bun:test";
import { createTestGroups, GROUP, isParked, protocol, text } from "./test-groups.ts";

const OFFSETS = {
  groupId: GROUP,
  memberId: "",
  groupInstanceId: null,
  generationId: -1,
  offsets: [{ topic: "orders", partition: 0, offset: 1n, leaderEpoch: -1, metadata: "" }],
};

describe("describing groups", () => {
  test("shows the members of a Stable one with metadata and assignments byte for byte", async () => {
    const groups = createTestGroups();
    const metadata = Uint8Array.of(0, 255, 128, 1);
    await groups.stable(
      { clientId: "api", clientHost: "/10.0.0.7", protocols: [{ name: "range", metadata }] },
      { groupInstanceId: "static-1", protocols: [protocol("range")] },
    );
    const [description] = groups.coordinator.describe([GROUP]);
    expect(description).toMatchObject({
      errorCode: 0,
      groupId: GROUP,
      state: "Stable",
      protocolType: "consumer",
      protocolName: "range",
    });
    const [first, second] = description?.members ?? [];
    expect(first).toMatchObject({
      memberId: "api-1",
      groupInstanceId: null,
      clientId: "api",
      clientHost: "/10.0.0.7",
      metadata,
    });
    expect(text(first?.assignment ?? new Uint8Array())).toBe("api-1");
    expect(second?.groupInstanceId).toBe("static-1");
  });

  test("shows who is there, but no metadata and no assignments, during a rebalance", async () => {
    const groups = createTestGroups();
    await groups.stable({ clientId: "api" });
    groups.join();
    const [description] = groups.coordinator.describe([GROUP]);
    expect(description).toMatchObject({ state: "PreparingRebalance", protocolName: "" });
    expect(description?.members[0]).toMatchObject({
      clientId: "api",
      metadata: new Uint8Array(0),
      assignment: new Uint8Array(0),
    });
  });

  test("calls a group that does not exist Dead, and one with only offsets Empty", async () => {
    const groups = createTestGroups();
    await groups.coordinator.commitOffsets(OFFSETS);
    const descriptions = groups.coordinator.describe(["nobody", GROUP]);
    expect(descriptions.map(({ errorCode, state }) => [errorCode, state])).toEqual([
      [0, "Dead"],
      [0, "Empty"],
    ]);
  });
});

test("groups are listed with those that only have offsets, and by state if asked", async () => {
  const groups = createTestGroups();
  await groups.coordinator.commitOffsets({ ...OFFSETS, groupId: "offsets-only" });
  await groups.stable({});
  expect(groups.coordinator.list()).toEqual([
    { groupId: "offsets-only", protocolType: "", state: "Empty" },
    { groupId: GROUP, protocolType: "consumer", state: "Stable" },
  ]);
  expect(groups.coordinator.list(["stable"]).map(({ groupId }) => groupId)).toEqual([GROUP]);
  expect(groups.coordinator.list(["Dead"])).toEqual([]);
});

describe("deleting groups", () => {
  test("spares one that has members (68) and does not find what is not there (69)", async () => {
    const groups = createTestGroups();
    await groups.stable({});
    expect(groups.coordinator.delete([GROUP, "nobody"])).toEqual([
      { groupId: GROUP, errorCode: 68 },
      { groupId: "nobody", errorCode: 69 },
    ]);
    expect(groups.state()).toBe("Stable");
  });

  test("removes an Empty one with its offsets", async () => {
    const groups = createTestGroups();
    const members = await groups.stable({});
    groups.leave(...members);
    await groups.coordinator.commitOffsets(OFFSETS);
    expect(groups.coordinator.delete([GROUP])).toEqual([{ groupId: GROUP, errorCode: 0 }]);
    expect(groups.state()).toBe("Dead");
    const { offsets } = groups.coordinator.fetchOffsets({ groupId: GROUP, partitions: null });
    expect(offsets).toEqual([]);
    expect(groups.coordinator.delete([GROUP])).toEqual([{ groupId: GROUP, errorCode: 69 }]);
  });
});

describe("leaving in one batch", () => {
  test("answers each member by itself and rebalances the rest once", async () => {
    const groups = createTestGroups();
    const [first, second, third] = await groups.stable({}, {}, {});
    expect(groups.leave(first, { ...second, memberId: "ghost" }, second)).toEqual([0, 25, 0]);
    expect(await groups.join({ memberId: third.memberId })).toMatchObject({
      generationId: 2,
      leader: third.memberId,
    });
  });

  test("answers a member's parked requests", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await groups.joinTogether({}, {});
    const waiting = groups.sync(follower);
    groups.leave(follower);
    expect(await waiting).toMatchObject({ errorCode: 25 });
    const rejoin = groups.join({ memberId: leader.memberId });
    expect(await rejoin).toMatchObject({ generationId: 2 });
  });

  test("needs a group id (24)", () => {
    const { coordinator } = createTestGroups();
    const nobody = { groupId: "", memberId: "m", groupInstanceId: null, generationId: 1 };
    expect(coordinator.leave({ groupId: "", members: [nobody] }).errorCode).toBe(24);
    expect(coordinator.heartbeat(nobody).errorCode).toBe(24);
  });
});

test("closing settles every parked request and leaves no timer behind", async () => {
  const groups = createTestGroups();
  const [, follower] = await groups.joinTogether({}, {});
  const sync = groups.sync(follower);
  const join = groups.join({ groupId: "other" });
  await groups.join({ groupId: "third", requireKnownMemberId: true });
  expect([await isParked(sync), await isParked(join)]).toEqual([true, true]);

  groups.coordinator.close();
  expect([(await sync).errorCode, (await join).errorCode]).toEqual([15, 15]);
  expect(groups.timers.running).toBe(0);
  expect(groups.coordinator.delete([GROUP])).toEqual([{ groupId: GROUP, errorCode: 15 }]);
  expect(groups.coordinator.fetchOffsets({ groupId: GROUP, partitions: null }).errorCode).toBe(15);
  const commit = await groups.coordinator.commitOffsets(OFFSETS);
  expect(commit.partitions.map(({ errorCode }) => errorCode)).toEqual([15]);
});
