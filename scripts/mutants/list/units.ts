import type { Mutant } from "../mutant.ts";

const CONTRACT = "shared/units/sqlite.test.ts › ";
const DECISIONS = "shared/inbox/decisions.test.ts › ";

export const UNITS: readonly Mutant[] = [
  {
    name: "units-of-one-key-share-a-group",
    breaks: "Units that share a conflict key take effect in the order in which they came.",
    file: "shared/units/group-units.ts",
    find: "for (const key of keys) freeFrom.set(key, group + 1);",
    put: "for (const key of keys) freeFrom.set(key, group);",
    test: `${CONTRACT}random units come to the same as one by one`,
  },
  {
    name: "a-refused-unit-leaves-what-came-before",
    breaks: "A unit takes effect as a whole, or not at all.",
    file: "shared/sqlite/unit-writers.ts",
    find: "if (written.some((members) => members.includes(unit))) throw refusal;",
    put: "if (written.length < 0) throw [unit, refusal];",
    test: `${CONTRACT}random units come to the same as one by one`,
  },
  {
    name: "what-is-kept-looks-done",
    breaks: "An effect that is kept tells the state that was found.",
    file: "shared/units/results.ts",
    find: "if (this.#kept === undefined) return DONE;",
    put: "if (this.#kept === undefined || this.#kept.size > 0) return DONE;",
    test: `${CONTRACT}an effect that is kept commits its unit, and tells the state found`,
  },
  {
    name: "sums-count-what-was-refused",
    breaks: "What sums up is written for the units that took effect, and not for others.",
    file: "shared/sqlite/commit-batch.ts",
    find: "data !== undefined && outcomes[i]?.failed === false ? [data] : [],",
    put: "data !== undefined && outcomes[i] !== undefined ? [data] : [],",
    test: `${CONTRACT}what sums up is written once for the units that took effect, and not for others`,
  },
  {
    name: "a-handler-is-told-before-the-commit",
    breaks: "A handler is told of its event once, after the COMMIT.",
    file: "shared/inbox/attempt-event.ts",
    find: "const result = await commit([...decision, applied], event.traceparent);",
    put: `tellDone(deps, () => handler.done?.(event as never, undefined as never, prepared as never));
    const result = await commit([...decision, applied], event.traceparent);`,
    test: `${DECISIONS}when one event of many fails, each is decided once and told once, after its COMMIT`,
  },
  {
    name: "one-failure-fails-all",
    breaks: "An event that fails is no other's fault.",
    file: "shared/sqlite/commit-batch.ts",
    find: 'if (units.length > 1 && outcomes.at(-1)?.failed === "together") {',
    put: 'if (units.length > 1_000 && outcomes.at(-1)?.failed === "together") {',
    test: `${DECISIONS}when one event of many fails, each is decided once and told once, after its COMMIT`,
  },
  {
    name: "what-a-held-decision-keeps-is-lost",
    breaks: "What a decision keeps of an event that it holds is stored.",
    file: "shared/inbox/process-record.ts",
    find: "return setAside(identity, holdingAfter(deps, attempt.error, 1), attempt.effects);",
    put: "return setAside(identity, holdingAfter(deps, attempt.error, 1));",
    test: `${DECISIONS}what a decision keeps of an event that it holds is stored with that`,
  },
  {
    name: "consumers-of-a-database-share-what-they-know",
    breaks: "Two consumers of one database both apply all events.",
    file: "shared/inbox/sqlite/inbox-store.ts",
    find: '"SELECT 1 AS found FROM inbox WHERE eventId = ? AND source = ? AND consumer = ?"',
    put: "\"SELECT 1 AS found FROM inbox WHERE eventId = ? AND source = ? AND ? > ''\"",
    test: `${DECISIONS}two consumers of one database know nothing of each other: both apply all`,
  },
];
