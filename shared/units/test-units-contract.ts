import { afterEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { defineEffect, type Effect, type UnitResult, type Units } from "./mod.ts";

/** Takes a name for an owner; a name that is taken refuses, with who has it. A guard. */
export const claim = defineEffect<{ name: string; owner: string }, string>("claim", {
  keysOf: ({ name }) => [`name:${name}`],
});
/** Makes an item; one that is there already is an error of the statement. */
export const put = defineEffect<{ id: string }>("put", { keysOf: ({ id }) => [`item:${id}`] });
/** Ends an open item. One that has ended stays as it is; one that is not there refuses. */
export const settle = defineEffect<{ id: string; state: string }, string | undefined>("settle", {
  keysOf: ({ id }) => [`item:${id}`],
});
/** Writes into the log. */
export const write = defineEffect<string>("write");
/** How far something is; summed up once per transaction. */
export const reach = defineEffect<{ name: string; to: number }>("reach");

/** What is stored, for comparing; sorted. */
export interface ToyState {
  names: [name: string, owner: string][];
  items: [id: string, state: string][];
  log: string[];
  reached: [name: string, to: number][];
}

/** A store with the toy's tables, empty. */
export interface ToyStore extends AsyncDisposable {
  units: Units;
  /** What another connection sees. */
  state(): ToyState | Promise<ToyState>;
  /** How often the writer of `reach` was asked. */
  sums(): number;
}

const RUNS = process.env.PROOF === "full" ? 400 : 25;
const EMPTY: ToyState = { names: [], items: [], log: [], reached: [] };

/**
 * What every store of units keeps; see {@link Units}. `open` makes a store whose writers are, in this
 * order: `claim`, `put`, `settle`, `write`, and lastly `reach`.
 */
export function describeUnits(kind: string, open: () => Promise<ToyStore>): void {
  describe(`units of work in ${kind}`, () => {
    const opened: ToyStore[] = [];
    const fresh = async () => {
      const store = await open();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
    });
    const commit = (store: ToyStore, ...effects: Effect[]) => store.units.commit({ effects });

    test("a committed unit is stored as a whole, and says that all was done", async () => {
      const store = await fresh();
      const result = await commit(store, put({ id: "a" }), write("made"));
      expect(result.committed && result.results.of(put)).toEqual({ status: "done" });
      expect(await store.state()).toEqual({ ...EMPTY, items: [["a", "OPEN"]], log: ["made"] });
    });

    test("an effect that is kept commits its unit, and tells the state found", async () => {
      const store = await fresh();
      await commit(store, put({ id: "a" }), settle({ id: "a", state: "PAID" }));
      const second = await commit(store, settle({ id: "a", state: "FAILED" }), write("late"));
      expect(second.committed && second.results.of(settle)).toEqual({
        status: "kept",
        found: "PAID",
      });
      expect(await store.state()).toEqual({ ...EMPTY, items: [["a", "PAID"]], log: ["late"] });
    });

    test("an effect that is refused undoes its unit alone, and its caller gets the state", async () => {
      const store = await fresh();
      const results = await Promise.all([
        commit(store, put({ id: "a" }), settle({ id: "missing", state: "PAID" })),
        commit(store, put({ id: "b" }), write("b")),
        commit(store, put({ id: "c" }), settle({ id: "missing", state: "PAID" }), write("c")),
      ]);
      expect(results.map(({ committed }) => committed)).toEqual([false, true, false]);
      const [first] = results;
      expect(!first.committed && first.refusal).toMatchObject({
        effect: { kind: "settle" },
        found: undefined,
      });
      expect(await store.state()).toEqual({ ...EMPTY, items: [["b", "OPEN"]], log: ["b"] });
    });

    test("of many units that claim one name at once, the first has it and the others learn who", async () => {
      const store = await fresh();
      const owners = Array.from({ length: 20 }, (_, index) => `owner-${index}`);
      const results = await Promise.all(
        owners.map((owner) => commit(store, claim({ name: "n", owner }), write(owner))),
      );
      expect(results.map((result) => result.committed || result.refusal.found)).toEqual([
        true,
        ...owners.slice(1).map(() => "owner-0"),
      ]);
      expect(await store.state()).toEqual({
        ...EMPTY,
        names: [["n", "owner-0"]],
        log: ["owner-0"],
      });
    });

    test("a statement that fails is the error of its unit alone", async () => {
      const store = await fresh();
      const settled = await Promise.allSettled([
        commit(store, put({ id: "a" }), write("a")),
        commit(store, write("twice"), put({ id: "x" }), put({ id: "x" })),
        commit(store, put({ id: "b" }), write("b")),
      ]);
      expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect((await store.state()).log.toSorted()).toEqual(["a", "b"]);
    });

    test("units of one item take effect in the order in which they came", async () => {
      const store = await fresh();
      const results = await Promise.all([
        commit(store, settle({ id: "a", state: "EARLY" })),
        commit(store, put({ id: "a" })),
        commit(store, settle({ id: "a", state: "FIRST" })),
        commit(store, settle({ id: "a", state: "SECOND" })),
      ]);
      expect(results.map(({ committed }) => committed)).toEqual([false, true, true, true]);
      expect((await store.state()).items).toEqual([["a", "FIRST"]]);
    });

    test("what sums up is written once for the units that took effect, and not for others", async () => {
      const store = await fresh();
      await Promise.all([
        commit(store, put({ id: "a" }), reach({ name: "p", to: 1 })),
        commit(store, put({ id: "b" }), reach({ name: "p", to: 2 })),
        commit(store, claim({ name: "n", owner: "o" }), reach({ name: "q", to: 1 })),
        commit(store, claim({ name: "n", owner: "other" }), reach({ name: "q", to: 9 })),
      ]);
      expect((await store.state()).reached).toEqual([
        ["p", 2],
        ["q", 1],
      ]);
      expect(store.sums()).toBe(1);
    });

    test("an effect that nobody writes is refused before anything is written", async () => {
      const store = await fresh();
      const stray = defineEffect<string>("stray")("x");
      await expect(commit(store, put({ id: "a" }), stray)).rejects.toMatchObject({
        code: "INTERNAL",
      });
      expect(await store.state()).toEqual(EMPTY);
    });

    test("random units come to the same as one by one", async () => {
      const met = new Set<string>();
      const game = fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 6 }), (bursts) =>
        play(fresh, bursts, met),
      );
      // By chance alone few games have an earlier unit whose kind is written later.
      const crossed = [[settle({ id: "a", state: "PAID" })], [put({ id: "a" })]];
      await fc.assert(game, { numRuns: RUNS, endOnFailure: true, examples: [[[crossed]]] });
      // The games are worth something only if they met every end that a unit can have.
      expect([...met].toSorted()).toEqual(["committed", "failed", "kept", "refused"]);
    });
  });
}

const name = fc.constantFrom("a", "b", "c");
const effect: fc.Arbitrary<Effect> = fc.oneof(
  fc.tuple(name, fc.constantFrom("x", "y")).map(([name, owner]) => claim({ name, owner })),
  name.map((id) => put({ id })),
  fc.tuple(name, fc.constantFrom("PAID", "FAILED")).map(([id, state]) => settle({ id, state })),
  name.map(write),
  fc.tuple(name, fc.nat(9)).map(([name, to]) => reach({ name, to })),
);
const burst = fc.array(fc.array(effect, { minLength: 1, maxLength: 4 }), { maxLength: 12 });
const ORDER = ["claim", "put", "settle", "write", "reach"];

async function play(
  fresh: () => Promise<ToyStore>,
  bursts: readonly Effect[][][],
  met: Set<string>,
): Promise<void> {
  const store = await fresh();
  const model = createModel();
  for (const units of bursts) {
    const results = await Promise.allSettled(
      units.map((effects) => store.units.commit({ effects })),
    );
    for (const [index, effects] of units.entries()) {
      const expected = model.run(effects);
      const got = toVerdict(results[index] as PromiseSettledResult<UnitResult>);
      expect(got).toEqual(expected);
      met.add(expected.end);
    }
    const state = await store.state();
    expect({ ...state, log: state.log.toSorted() }).toEqual(model.state());
  }
}

type Verdict = { end: "committed" | "kept" | "refused" | "failed"; found?: unknown };

function toVerdict(result: PromiseSettledResult<UnitResult>): Verdict {
  if (result.status === "rejected") return { end: "failed" };
  if (!result.value.committed) return { end: "refused", found: result.value.refusal.found };
  const outcome = result.value.results.of(settle);
  return outcome.status === "kept" ? { end: "kept", found: outcome.found } : { end: "committed" };
}

/** Runs units one by one, as the rules say, without a store. */
function createModel() {
  let names = new Map<string, string>();
  let items = new Map<string, string>();
  let log: string[] = [];
  let reached = new Map<string, number>();

  return {
    run(effects: readonly Effect[]): Verdict {
      const before = {
        names: new Map(names),
        items: new Map(items),
        log: [...log],
        reached: new Map(reached),
      };
      const undo = (verdict: Verdict): Verdict => {
        ({ names, items, log, reached } = before);
        return verdict;
      };
      const firstSettle = effects.find(({ kind }) => kind === settle.kind);
      let verdict: Verdict = { end: "committed" };
      const sorted = effects.toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
      for (const one of sorted) {
        const value = one.value as Record<string, string> & { to: number };
        if (one.kind === claim.kind) {
          const owner = names.get(value.name as string);
          if (owner !== undefined) return undo({ end: "refused", found: owner });
          names.set(value.name as string, value.owner as string);
        } else if (one.kind === put.kind) {
          if (items.has(value.id as string)) return undo({ end: "failed" });
          items.set(value.id as string, "OPEN");
        } else if (one.kind === settle.kind) {
          const state = items.get(value.id as string);
          if (state === undefined) return undo({ end: "refused", found: undefined });
          if (state === "OPEN") items.set(value.id as string, value.state as string);
          else if (one === firstSettle) verdict = { end: "kept", found: state };
        } else if (one.kind === write.kind) log.push(one.value as string);
        else {
          const name = value.name as string;
          reached.set(name, Math.max(reached.get(name) ?? 0, value.to));
        }
      }
      return verdict;
    },
    state: (): ToyState => ({
      names: [...names].toSorted(),
      items: [...items].toSorted(),
      log: log.toSorted(),
      reached: [...reached].toSorted(),
    }),
  };
}
