import { expect, test } from "bun:test";
import type { Check } from "./checks.ts";
import type { Attempt, Outcome } from "./client.ts";
import { countAnswers, countEffects } from "./count.ts";

const order = (id: string, status = "PAID") => ({
  id,
  customerId: `customer of ${id}`,
  amount: 5,
  status,
});
const attempt = (id: string, outcome: Outcome): Attempt => ({
  customerId: `customer of ${id}`,
  amount: 5,
  outcome,
});
const accepted = (id: string) => attempt(id, { kind: "accepted", orderId: id });
const charge = (orderId: string, outcome = "ACCEPTED") => ({ orderId, outcome });
const sends = (orderId: string, events = ["e1", "e2"], channels = ["EMAIL", "PUSH", "SMS"]) =>
  events.flatMap((event) =>
    channels.map((channel) => ({ orderId, key: `${orderId}-${event}/${channel}` })),
  );

/** The violations alone, of the checks that have some. */
const violationsOf = (checks: readonly Check[]) => checks.flatMap(({ violations }) => violations);

test("answers that agree with what is stored are fine, also when nobody got them", () => {
  const attempts = [
    accepted("a"),
    attempt("b", { kind: "unknown" }),
    attempt("c", { kind: "unknown" }),
    attempt("d", { kind: "refused", status: 503, retryAfterMs: 0 }),
    attempt("e", { kind: "unsent" }),
  ];
  expect(violationsOf(countAnswers([order("a"), order("b")], attempts))).toEqual([]);
});

test("a 201 whose order is not stored, or is another one, is a loss", () => {
  const attempts = [accepted("a"), accepted("b")];
  const stored = [{ ...order("a"), amount: 6 }];
  expect(violationsOf(countAnswers(stored, attempts))).toEqual([
    "order a was answered 201 and is not stored",
    "order b was answered 201 and is not stored",
  ]);
});

test("an order whose POST was refused or never sent must not be stored", () => {
  const attempts = [
    attempt("a", { kind: "refused", status: 503, retryAfterMs: 0 }),
    attempt("b", { kind: "unsent" }),
  ];
  expect(violationsOf(countAnswers([order("a"), order("b")], attempts))).toEqual([
    "order a is stored, though its POST was refused",
    "order b is stored, though its POST was unsent",
  ]);
});

test("two orders of one POST, and one of none, are found", () => {
  const twice = [order("a"), { ...order("a"), id: "a2" }];
  expect(violationsOf(countAnswers([...twice, order("x")], [accepted("a")]))).toEqual([
    "1 POSTs of customer of a made 2 orders",
    "order x is stored, and nobody sent it",
  ]);
});

test("repetitions under one key make one order, and all are told its id", () => {
  const cutOff = attempt("a", { kind: "unknown" });
  expect(violationsOf(countAnswers([order("a")], [cutOff, accepted("a"), accepted("a")]))).toEqual(
    [],
  );
  const second = { ...order("a"), id: "a2" };
  const toldAnother = { ...accepted("a2"), customerId: "customer of a" };
  expect(violationsOf(countAnswers([order("a"), second], [cutOff, toldAnother]))).toEqual([
    "2 POSTs of customer of a made 2 orders",
  ]);
});

test("one charge and six sends for each order are fine, and the status follows the charge", () => {
  const orders = [order("a"), order("b", "PAYMENT_FAILED")];
  const charges = [charge("a"), charge("b", "DECLINED")];
  const found = countEffects(orders, charges, [...sends("a"), ...sends("b")]);
  expect(violationsOf(found)).toEqual([]);
});

test("what is missing, doubled, contradicting or unknown is named", () => {
  const orders = [order("a", "PENDING"), order("b"), order("c"), order("d"), order("e")];
  const charges = [
    ...[charge("a"), charge("c"), charge("c"), charge("d", "DECLINED")],
    ...[charge("e"), charge("x")],
  ];
  const allSends = [
    ...[...sends("a"), ...sends("b"), ...sends("c", ["e1", "e2", "e3"])],
    ...[...sends("d", ["e1", "e2"], ["EMAIL", "PUSH"]), ...sends("e", ["e1"])],
  ];
  expect(
    countEffects(orders, charges, allSends)
      .filter(({ violations }) => violations.length > 0)
      .map(({ concern, violations }) => [concern, ...violations]),
  ).toEqual([
    ["losses", "order a is PENDING"],
    ["losses", "order b has 0 charges"],
    ["duplicates", "order c has 2 charges"],
    ["duplicates", "order d is PAID, its charge DECLINED"],
    ["losses", "order d has 4 sends", "order e has 3 sends"],
    ["duplicates", "order c has 9 sends"],
    ["duplicates", "order x was charged or announced, and is not stored"],
  ]);
});
