import { describe, expect, test } from "bun:test";
import type { GroupState } from "./mod.ts";
import {
  createTestGroups,
  GROUP,
  isParked,
  type Joined,
  type TestGroups,
  text,
} from "./test-groups.ts";

interface Scene {
  readonly groups: TestGroups;
  /** A member that follows; in Empty, one that has left. */
  readonly follower: Joined;
}

const STATES = ["Empty", "PreparingRebalance", "CompletingRebalance", "Stable", "Dead"] as const;

async function groupIn(state: GroupState): Promise<Scene> {
  const groups = createTestGroups();
  const enter = state === "CompletingRebalance" ? groups.joinTogether : groups.stable;
  const [leader, follower] = await enter({ clientId: "leader" }, { clientId: "follower" });
  if (state === "Empty") groups.leave(leader, follower);
  if (state === "PreparingRebalance") groups.join({ clientId: "newcomer" });
  if (state === "Dead") groups.coordinator.close();
  expect(groups.state()).toBe(state);
  return { groups, follower };
}

/** One row of the table: what each state answers. */
function row<Outcome>(
  name: string,
  act: (scene: Scene) => Outcome | Promise<Outcome>,
  expected: Record<GroupState, Outcome>,
): void {
  describe(name, () => {
    for (const state of STATES) {
      test(`in ${state} gives ${JSON.stringify(expected[state])}`, async () => {
        expect<unknown>(await act(await groupIn(state))).toEqual(expected[state]);
      });
    }
  });
}

row("a join of a new member", async ({ groups }) => outcome(groups, groups.join()), {
  Empty: "parked, PreparingRebalance",
  PreparingRebalance: "parked, PreparingRebalance",
  CompletingRebalance: "parked, PreparingRebalance",
  Stable: "parked, PreparingRebalance",
  Dead: "15, Dead",
});

row(
  "a join of a known follower with the same metadata",
  async ({ groups, follower }) => outcome(groups, groups.join({ memberId: follower.memberId })),
  {
    Empty: "25, Empty",
    PreparingRebalance: "parked, PreparingRebalance",
    CompletingRebalance: "0, CompletingRebalance",
    Stable: "0, Stable",
    Dead: "15, Dead",
  },
);

row(
  "a join of a known follower with changed metadata",
  async ({ groups, follower }) =>
    outcome(
      groups,
      groups.join({
        memberId: follower.memberId,
        protocols: [{ name: "round-robin", metadata: Uint8Array.of(7) }],
      }),
    ),
  {
    Empty: "25, Empty",
    PreparingRebalance: "parked, PreparingRebalance",
    CompletingRebalance: "parked, PreparingRebalance",
    Stable: "parked, PreparingRebalance",
    Dead: "15, Dead",
  },
);

row("a sync", async ({ groups, follower }) => outcome(groups, groups.sync(follower)), {
  Empty: "25, Empty",
  PreparingRebalance: "27, PreparingRebalance",
  CompletingRebalance: "parked, CompletingRebalance",
  Stable: "0, Stable",
  Dead: "15, Dead",
});

row("a heartbeat", ({ groups, follower }) => groups.heartbeat(follower), {
  Empty: 25,
  PreparingRebalance: 27,
  CompletingRebalance: 0,
  Stable: 0,
  Dead: 15,
});

row(
  "an offset commit of a member",
  async ({ groups, follower }) => {
    const offsets = [{ topic: "orders", partition: 0, offset: 1n, leaderEpoch: -1, metadata: "" }];
    const request = { groupId: GROUP, ...follower, offsets };
    const { partitions } = await groups.coordinator.commitOffsets(request);
    return partitions.map(({ errorCode }) => errorCode);
  },
  { Empty: [25], PreparingRebalance: [0], CompletingRebalance: [27], Stable: [0], Dead: [15] },
);

row(
  "a leave",
  ({ groups, follower }) => {
    const answer = groups.coordinator.leave({ groupId: GROUP, members: [follower] });
    return [answer.errorCode, ...answer.members.map((left) => left.errorCode), groups.state()];
  },
  {
    Empty: [0, 25, "Empty"],
    PreparingRebalance: [0, 0, "PreparingRebalance"],
    CompletingRebalance: [0, 0, "PreparingRebalance"],
    Stable: [0, 0, "PreparingRebalance"],
    Dead: [15, "Dead"],
  },
);

test("a Stable group answers a sync with the assignment that it stored", async () => {
  const { groups, follower } = await groupIn("Stable");
  const { assignment } = await groups.sync(follower);
  expect(text(assignment)).toBe(follower.memberId);
});

async function outcome(
  groups: TestGroups,
  request: Promise<{ readonly errorCode: number }>,
): Promise<string> {
  const answer = (await isParked(request)) ? "parked" : (await request).errorCode;
  return `${answer}, ${groups.state()}`;
}
