import { describe, expect, test } from "bun:test";
import {
  createTestGroups,
  isParked,
  protocol,
  REBALANCE_MS,
  SESSION_MS,
  syncAll,
  text,
} from "./test-groups.ts";

describe("a join is refused", () => {
  const refusals = {
    "without a group id": [{ groupId: "" }, 24],
    "with a session timeout under 6 s": [{ sessionTimeoutMs: 5_999 }, 26],
    "with a session timeout over 30 min": [{ sessionTimeoutMs: 1_800_001 }, 26],
    "without protocols": [{ protocols: [] }, 23],
    "without a protocol type": [{ protocolType: "" }, 23],
    "with the id of nobody": [{ memberId: "ghost" }, 25],
    "with another protocol type than the group's": [{ protocolType: "connect" }, 23],
    "with no protocol that everyone supports": [{ protocols: [protocol("range")] }, 23],
    "with the unknown id of a static member": [
      { memberId: "ghost", groupInstanceId: "static-1" },
      25,
    ],
  } as const;
  for (const [reason, [request, errorCode]] of Object.entries(refusals)) {
    test(`${reason} (${errorCode})`, async () => {
      const groups = createTestGroups();
      await groups.stable({ clientId: "a" });
      const answer = await groups.join(request);
      expect([answer.errorCode, answer.generationId, groups.state()]).toEqual([
        errorCode,
        -1,
        "Stable",
      ]);
    });
  }

  test("with an id that a group which does not exist cannot have given out (25)", async () => {
    const groups = createTestGroups();
    expect(await groups.join({ memberId: "ghost" })).toMatchObject({ errorCode: 25 });
    expect(groups.state()).toBe("Dead");
  });

  test("when the group is full (81)", async () => {
    const groups = createTestGroups({ maxGroupSize: 2 });
    await groups.stable({}, {});
    expect(await groups.join()).toMatchObject({ errorCode: 81 });
    expect(await groups.join({ requireKnownMemberId: true })).toMatchObject({ errorCode: 81 });
  });
});

describe("a client that must know its id first (KIP-394)", () => {
  test("gets an id made of its client id, and joins with it", async () => {
    const groups = createTestGroups();
    const first = await groups.join({ clientId: "api", requireKnownMemberId: true });
    expect(first).toMatchObject({ errorCode: 79, memberId: "api-1", members: [] });
    expect(groups.state()).toBe("Empty");

    const [member] = await groups.joinTogether({
      memberId: first.memberId,
      requireKnownMemberId: true,
    });
    expect(member).toMatchObject({ memberId: "api-1", generationId: 1 });
  });

  test("holds up a rebalance until it comes back or its id expires", async () => {
    const groups = createTestGroups();
    const [leader] = await groups.stable({});
    const first = await groups.join({ requireKnownMemberId: true });
    const rejoin = groups.join({ memberId: leader.memberId });
    expect(await isParked(rejoin)).toBe(true);

    await groups.timers.advance(SESSION_MS);
    expect(await rejoin).toMatchObject({ errorCode: 0, generationId: 2 });
    expect(await groups.join({ memberId: first.memberId })).toMatchObject({ errorCode: 25 });
  });

  test("holds it up no longer once it has given its id back", async () => {
    const groups = createTestGroups();
    const [leader] = await groups.stable({});
    const { memberId } = await groups.join({ requireKnownMemberId: true });
    const rejoin = groups.join({ memberId: leader.memberId });
    groups.leave({ memberId, groupInstanceId: null, generationId: -1 });
    expect(await rejoin).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  test("can give its id back without ever having joined", async () => {
    const groups = createTestGroups();
    const { memberId } = await groups.join({ requireKnownMemberId: true });
    expect(groups.leave({ memberId, groupInstanceId: null, generationId: -1 })).toEqual([0]);
    expect(groups.timers.running).toBe(0);
  });

  test("keeps its place when its connection breaks while it is parked", async () => {
    const groups = createTestGroups({ initialRebalanceDelayMs: 3_000 });
    const connection = new AbortController();
    const { memberId } = await groups.join({ requireKnownMemberId: true });
    const lost = groups.join({ memberId, signal: connection.signal });
    connection.abort();
    expect(await lost).toMatchObject({ errorCode: 25 });
    const again = groups.join({ memberId });
    await groups.timers.advance(3_000);
    expect(await again).toMatchObject({ errorCode: 0, memberId });
  });
});

test("only the leader learns who else has joined, with the metadata of the chosen protocol", async () => {
  const groups = createTestGroups();
  const joins = [
    groups.join({ protocols: [protocol("range", "r1"), protocol("sticky", "s1")] }),
    groups.join({ protocols: [protocol("sticky", "s2")] }),
  ];
  await groups.timers.advance(0);
  const [leader, follower] = await Promise.all(joins);
  expect(leader?.members.map(({ memberId, metadata }) => [memberId, text(metadata)])).toEqual([
    ["client-1", "s1"],
    ["client-2", "s2"],
  ]);
  expect([leader?.leader, follower?.leader]).toEqual(["client-1", "client-1"]);
  expect(follower).toMatchObject({ members: [], protocolName: "sticky", protocolType: "consumer" });
});

test("a leader that joins again starts a rebalance though it says the same", async () => {
  const groups = createTestGroups();
  const [leader, follower] = await groups.stable({}, {});
  const rejoin = groups.join({ memberId: leader.memberId });
  expect([await isParked(rejoin), groups.state()]).toEqual([true, "PreparingRebalance"]);
  groups.join({ memberId: follower.memberId });
  expect(await rejoin).toMatchObject({ generationId: 2, leader: leader.memberId });
});

test("a leader that did not get its answer is told the members again", async () => {
  const groups = createTestGroups();
  const [leader] = await groups.joinTogether({}, {});
  const again = await groups.join({ memberId: leader.memberId });
  expect([again.generationId, again.members.length]).toEqual([1, 2]);
});

test("a sole member may change to protocols that it did not support before", async () => {
  const groups = createTestGroups();
  const [member] = await groups.stable({ protocols: [protocol("range")] });
  const rejoin = await groups.join({
    memberId: member.memberId,
    protocols: [protocol("sticky")],
  });
  expect(rejoin).toMatchObject({ errorCode: 0, protocolName: "sticky", generationId: 2 });
});

test("a group that is Empty again takes any protocol", async () => {
  const groups = createTestGroups();
  groups.leave(...(await groups.stable({})));
  await groups.stable({ protocolType: "connect", protocols: [protocol("compatible")] });
  const [listing] = groups.coordinator.list();
  expect(listing).toMatchObject({ protocolType: "connect", state: "Stable" });
});

describe("the initial delay", () => {
  test("lets the first members of an empty group share one generation", async () => {
    const groups = createTestGroups({ initialRebalanceDelayMs: 3_000 });
    const first = groups.join();
    await groups.timers.advance(2_000);
    const second = groups.join();
    await groups.timers.advance(2_000);
    expect(await isParked(first)).toBe(true);
    await groups.timers.advance(2_000);
    expect(await first).toMatchObject({ generationId: 1 });
    expect(await second).toMatchObject({ generationId: 1 });
  });

  test("is shortened by what is left of the rebalance timeout", async () => {
    const groups = createTestGroups({ initialRebalanceDelayMs: 3_000 });
    const first = groups.join({ rebalanceTimeoutMs: 4_000 });
    groups.join({ rebalanceTimeoutMs: 4_000 });
    await groups.timers.advance(4_000);
    expect(await first).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  test("goes on while members come, but not beyond the rebalance timeout", async () => {
    const groups = createTestGroups({ initialRebalanceDelayMs: 3_000 });
    const first = groups.join();
    for (let waitedMs = 0; waitedMs < REBALANCE_MS - 1_000; waitedMs += 1_000) {
      groups.join();
      await groups.timers.advance(1_000);
    }
    expect(await isParked(first)).toBe(true);
    groups.join();
    await groups.timers.advance(1_000);
    expect(await first).toMatchObject({ errorCode: 0, generationId: 1 });
  });

  test("ends in an Empty group when everyone has gone meanwhile", async () => {
    const groups = createTestGroups({ initialRebalanceDelayMs: 3_000 });
    const connection = new AbortController();
    groups.join({ signal: connection.signal });
    connection.abort();
    await groups.timers.advance(3_000);
    expect([groups.state(), groups.timers.running]).toEqual(["Empty", 0]);
  });
});

describe("a parked join", () => {
  test("is alive for longer than its session timeout", async () => {
    const groups = createTestGroups();
    const [leader, slow] = await groups.stable({}, { sessionTimeoutMs: SESSION_MS * 2 });
    const rejoin = groups.join({ memberId: leader.memberId });
    expect(groups.heartbeat(leader)).toBe(27);
    await groups.timers.advance(SESSION_MS * 1.5);
    expect(await isParked(rejoin)).toBe(true);
    groups.join({ memberId: slow.memberId });
    expect(await rejoin).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  test("of a new member ends after five minutes", async () => {
    const groups = createTestGroups();
    const [busy] = await groups.stable({
      rebalanceTimeoutMs: 1_000_000,
      sessionTimeoutMs: 600_000,
    });
    const newcomer = groups.join();
    await groups.timers.advance(299_999);
    expect(await isParked(newcomer)).toBe(true);
    await groups.timers.advance(1);
    expect(await newcomer).toMatchObject({ errorCode: 25, memberId: "" });
    expect(await groups.join({ memberId: busy.memberId })).toMatchObject({ errorCode: 0 });
  });

  test("makes way for the same member's next join", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await groups.stable({}, {});
    const memberId = leader.memberId;
    const first = groups.join({ memberId });
    const second = groups.join({ memberId });
    expect(await first).toMatchObject({ errorCode: 27, memberId });
    groups.join({ memberId: follower.memberId });
    expect(await second).toMatchObject({ errorCode: 0, generationId: 2 });
  });

  test("of a connection that is gone leaves no member behind", async () => {
    const groups = createTestGroups();
    const [leader] = await groups.stable({});
    const connection = new AbortController();
    const lost = groups.join({ signal: connection.signal });
    connection.abort();
    expect(await lost).toMatchObject({ errorCode: 25 });
    const rejoin = await groups.join({ memberId: leader.memberId });
    expect(rejoin.members.map(({ memberId }) => memberId)).toEqual([leader.memberId]);
  });

  test("of a known member whose connection is gone is missed until it joins again", async () => {
    const groups = createTestGroups();
    const [leader, follower] = await groups.stable({}, {});
    const connection = new AbortController();
    const memberId = follower.memberId;
    const rejoin = groups.join({ memberId: leader.memberId });
    const newcomer = groups.join();
    const lost = groups.join({ memberId: leader.memberId, signal: connection.signal });
    connection.abort();
    groups.join({ memberId });
    expect(await isParked(newcomer)).toBe(true);
    expect([(await rejoin).errorCode, (await lost).errorCode]).toEqual([27, 25]);

    await groups.timers.advance(SESSION_MS);
    expect(await newcomer).toMatchObject({ errorCode: 0, leader: memberId });
  });

  test("whose abort comes after its answer changes nothing", async () => {
    const groups = createTestGroups();
    const connection = new AbortController();
    const members = await groups.joinTogether({ signal: connection.signal });
    await syncAll(groups, members);
    connection.abort();
    expect(groups.state()).toBe("Stable");
  });
});

test("a request whose connection is gone already is not taken up", async () => {
  const groups = createTestGroups();
  expect(await groups.join({ signal: AbortSignal.abort() })).toMatchObject({ errorCode: 15 });
  expect(groups.coordinator.list()).toEqual([]);
});

test("an idle group makes way when there are too many, and one in use does not", async () => {
  const groups = createTestGroups({ maxGroups: 1 });
  const members = await groups.stable({});
  expect(await groups.join({ groupId: "other" })).toMatchObject({ errorCode: 15 });
  groups.leave(...members);
  const { memberId } = await groups.join({ requireKnownMemberId: true });
  expect(await groups.join({ groupId: "other" })).toMatchObject({ errorCode: 15 });
  groups.leave({ memberId, groupInstanceId: null, generationId: -1 });
  const other = groups.join({ groupId: "other" });
  await groups.timers.advance(0);
  expect(await other).toMatchObject({ errorCode: 0 });
  expect(groups.coordinator.list().map(({ groupId }) => groupId)).toEqual(["other"]);
});
