import { expect, test } from "bun:test";
import { createTestGroups, GROUP, type TestGroups, text } from "./test-groups.ts";
import { type GroupHistory, SimulatedClient } from "./test-simulated-client.ts";

const RUNS = 150;
const STEPS = 120;

interface World {
  readonly groups: TestGroups;
  readonly history: GroupHistory;
  readonly clients: readonly SimulatedClient[];
  readonly random: () => number;
}

test(`${RUNS} groups of members that come, go and fail keep their promises`, async () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    try {
      const world = createWorld(seed);
      await misbehave(world);
      await settleDown(world);
      await goAway(world);
    } catch (cause) {
      throw new Error(`The run with seed ${seed} broke a promise.`, { cause });
    }
  }
});

function createWorld(seed: number): World {
  const random = mulberry32(seed);
  const initialRebalanceDelayMs = random() < 0.5 ? 0 : 3_000;
  const groups = createTestGroups({ initialRebalanceDelayMs });
  const history: GroupHistory = { generations: [], leaders: new Map(), open: new Set() };
  const clients = Array.from({ length: 5 }, (_, index) => {
    const groupInstanceId = random() < 0.3 ? `static-${index}` : null;
    const requireKnownMemberId = random() < 0.6;
    return new SimulatedClient(groups, history, { groupInstanceId, requireKnownMemberId });
  });
  return { groups, history, clients, random };
}

/** Random requests, failures and pauses in any order. */
async function misbehave(world: World): Promise<void> {
  const { groups, clients, random } = world;
  for (let step = 0; step < STEPS; step += 1) {
    const client = clients[Math.floor(random() * clients.length)];
    if (!client) continue;
    const dice = random();
    if (dice < 0.03) client.vanish();
    else if (dice < 0.07) client.leave();
    else if (dice < 0.12) client.disconnect();
    else if (dice < 0.16) client.join(`orders-${step}`);
    else if (dice < 0.19) client.join();
    else client.proceed();
    const pauseMs = random() < 0.5 ? 0 : Math.floor(random() ** 4 * 12_000);
    await groups.timers.advance(pauseMs);
    expectConsistent(world);
  }
}

/** From here on everyone behaves: the group must find one generation with all of them, and stay. */
async function settleDown(world: World): Promise<void> {
  const { groups, clients } = world;
  const isSettled = () =>
    groups.state() === "Stable" &&
    membersOf(groups).length === clients.length &&
    clients.every(({ phase }) => phase === "member");

  for (let second = 0; second < 400 && !isSettled(); second += 1) {
    for (const client of clients) client.proceed();
    await groups.timers.advance(1_000);
    expectConsistent(world);
  }
  expect(isSettled()).toBe(true);
  const generation = Math.max(...world.history.generations);
  expect(clients.map(({ generationId }) => generationId)).toEqual(clients.map(() => generation));
  const places = clients.map(({ assignment }) => assignment).sort();
  expect(places).toEqual(clients.map((_, place) => `${generation}/${place}`));

  for (let second = 0; second < 40; second += 1) {
    for (const client of clients) client.proceed();
    await groups.timers.advance(1_000);
  }
  expect([isSettled(), Math.max(...world.history.generations)]).toEqual([true, generation]);
}

/** Some leave, some vanish: nothing of them may stay behind. */
async function goAway({ groups, history, clients, random }: World): Promise<void> {
  for (const client of clients) {
    if (random() < 0.3) client.join();
    if (random() < 0.5) client.leave();
    else client.vanish();
  }
  await groups.timers.advance(600_000);
  expect([groups.state(), history.open.size, groups.timers.running]).toEqual(["Empty", 0, 0]);
}

function expectConsistent({ groups, history }: World): void {
  const { generations, leaders } = history;
  expect(generations).toEqual(generations.toSorted((a, b) => a - b));
  for (const ids of leaders.values()) expect(ids.size).toBe(1);
  if (groups.state() !== "Stable") return;

  const assignments = membersOf(groups).map(({ assignment }) => text(assignment));
  const current = `${generations.at(-1)}/`;
  expect(assignments.filter((assignment) => !assignment.startsWith(current))).toEqual([]);
  expect(new Set(assignments).size).toBe(assignments.length);
}

function membersOf(groups: TestGroups) {
  return groups.coordinator.describe([GROUP])[0]?.members ?? [];
}

/** A small seeded generator, so that a failing run can be run again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
