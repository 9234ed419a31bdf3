import { expect, test } from "bun:test";
import fc from "fast-check";
import { tempOutbox } from "./test-outbox.ts";
import { openRelayWorld, type RelayWorld } from "./test-relay-world.ts";

const SEEDS = process.env.PROOF === "full" ? 200 : 24;
const REFUSALS_TO_PARK = 3;

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Lets a relay live through commits, faults, stops and crashes, and then publish in peace. The seed
 * makes the choices; when the relay's timers fire between them is the machine's.
 */
async function live(world: RelayWorld, random: () => number): Promise<void> {
  for (let step = 0; step < 40; step++) {
    const chance = random();
    if (chance < 0.3) world.append(1);
    else if (chance < 0.46) world.append(12);
    else if (chance < 0.5) world.redrive();
    else if (chance < 0.6) await world.stopRelay();
    else if (chance < 0.65) world.crashRelay();
    else if (chance < 0.7) world.replaceCluster();
    world.runRelay();
    await Bun.sleep(0);
  }
  world.calm();
  world.runRelay();
  await world.drained();
  await world.stopRelay();
}

test("whatever happens to it, a relay publishes every row in order and marks only what is written", async () => {
  const published = { written: 0, repeated: 0, parked: 0, readAhead: 0 };
  const oneLife = fc.asyncProperty(fc.nat(), async (seed) => {
    using outbox = tempOutbox("t");
    const random = seededRandom(seed);
    const world = openRelayWorld(outbox, random, REFUSALS_TO_PARK);
    await live(world, random);
    expect(world.violations).toEqual([]);
    expect(world.outOfOrder()).toEqual([]);
    expect(world.unexplained()).toEqual([]);
    const { written, repeated, parked, readAhead } = world.counts();
    published.written += written;
    published.repeated += repeated;
    published.parked += parked;
    published.readAhead += readAhead;
  });
  await fc.assert(oneLife, { numRuns: SEEDS, endOnFailure: true });
  // The runs are worth nothing if it does not happen. Of ten lives the rarest happens 20 times in the
  // median and 8 times at the least, so it takes many for the mean to be told from chance.
  expect(published.written).toBeGreaterThan(SEEDS * 15);
  expect(published.repeated).toBeGreaterThan(SEEDS);
  expect(published.parked).toBeGreaterThan(SEEDS / 4);
  // Whether a round is still in flight when its successor is read is the machine's choice, too.
  expect(published.readAhead).toBeGreaterThan(SEEDS / 4);
});
