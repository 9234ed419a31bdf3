import { Database } from "bun:sqlite";
import { join } from "node:path";
import { type Check, check } from "./checks.ts";
import type { Attempt } from "./client.ts";

/** An order as it lies in orders.db. */
interface OrderRow {
  id: string;
  customerId: string;
  amount: number;
  status: string;
}

interface Charge {
  orderId: string;
  outcome: string;
}

interface Send {
  orderId: string;
  /** The event's id and the channel. */
  key: string;
}

const CHANNELS = ["EMAIL", "PUSH", "SMS"];

/**
 * Counts what the customers were told against what lies in the databases and in the ledgers of the
 * outside world. It shares nothing with the audit of the topics, and reads the files alone.
 */
export function countOrders(folder: string, attempts: readonly Attempt[]): Check[] {
  const orders = rows<OrderRow>(folder, "orders.db", "SELECT * FROM orders");
  const charges = rows<Charge>(
    folder,
    "provider-ledger.db",
    "SELECT entry ->> 'orderId' AS orderId, entry ->> '$.result.outcome' AS outcome FROM ledger",
  );
  const sends = rows<Send>(
    folder,
    "channels-ledger.db",
    "SELECT entry ->> 'orderId' AS orderId, key FROM ledger",
  );
  return [...countAnswers(orders, attempts), ...countEffects(orders, charges, sends)];
}

/** What the customers were told. POSTs of one customer are repetitions under one key. */
export function countAnswers(orders: readonly OrderRow[], attempts: readonly Attempt[]): Check[] {
  const storedOf = Map.groupBy(orders, ({ customerId }) => customerId);
  const lost: string[] = [];
  const taken: string[] = [];
  const doubled: string[] = [];
  const wanted = Map.groupBy(attempts, ({ customerId }) => customerId);
  for (const [customerId, posts] of wanted) {
    const stored = storedOf.get(customerId) ?? [];
    for (const { amount, outcome } of posts) {
      if (outcome.kind !== "accepted") continue;
      const { orderId } = outcome;
      if (stored.some((order) => order.id === orderId && order.amount === amount)) continue;
      lost.push(`order ${orderId} was answered 201 and is not stored`);
    }
    const kinds = [...new Set(posts.map(({ outcome }) => outcome.kind))];
    if (!kinds.includes("accepted") && !kinds.includes("unknown")) {
      taken.push(
        ...stored.map(({ id }) => `order ${id} is stored, though its POST was ${kinds.join()}`),
      );
    }
    if (stored.length > 1) {
      doubled.push(`${posts.length} POSTs of ${customerId} made ${stored.length} orders`);
    }
  }
  const invented = orders
    .filter(({ customerId }) => !wanted.has(customerId))
    .map(({ id }) => `order ${id} is stored, and nobody sent it`);
  return [
    check("losses", "every order that was answered 201 is stored", lost),
    check("duplicates", "no order that was refused or never sent is stored", taken),
    check("duplicates", "no POST, and no POSTs under one key, made two orders", doubled),
    check("duplicates", "no order came from nowhere", invented),
  ];
}

/** What became of the orders: their status, their charge and their sends. */
export function countEffects(
  orders: readonly OrderRow[],
  charges: readonly Charge[],
  sends: readonly Send[],
): Check[] {
  const chargesOf = Map.groupBy(charges, ({ orderId }) => orderId);
  const sendsOf = Map.groupBy(sends, ({ orderId }) => orderId);
  const pending = orders
    .filter(({ status }) => status !== "PAID" && status !== "PAYMENT_FAILED")
    .map(({ id, status }) => `order ${id} is ${status}`);
  const charged = orders.map(({ id, status }) => ({ id, status, of: chargesOf.get(id) ?? [] }));
  const contradicting = charged.flatMap(({ id, status, of: [charge] }) => {
    if (charge === undefined || status === "PENDING") return [];
    const expected = charge.outcome === "ACCEPTED" ? "PAID" : "PAYMENT_FAILED";
    return status === expected ? [] : [`order ${id} is ${status}, its charge ${charge.outcome}`];
  });
  const sent = orders.map(({ id }) => {
    const keys = (sendsOf.get(id) ?? []).map(({ key }) => key);
    return { id, of: keys, channels: keys.map(channelOf).sort() };
  });
  const known = new Set(orders.map(({ id }) => id));
  const strangers = [...charges, ...sends]
    .filter(({ orderId }) => !known.has(orderId))
    .map(({ orderId }) => `order ${orderId} was charged or announced, and is not stored`);
  const text =
    (what: string) =>
    ({ id, of }: { id: string; of: readonly unknown[] }) =>
      `order ${id} has ${of.length} ${what}`;
  return [
    check("losses", "every order is final", pending),
    check(
      "losses",
      "every order was charged",
      charged.filter(({ of }) => of.length < 1).map(text("charges")),
    ),
    check(
      "duplicates",
      "no order was charged twice",
      charged.filter(({ of }) => of.length > 1).map(text("charges")),
    ),
    check("duplicates", "an order's status says how it was charged", contradicting),
    check(
      "losses",
      "each of an order's two events was announced on every channel",
      sent.filter(({ channels }) => !hasAll(channels)).map(text("sends")),
    ),
    check(
      "duplicates",
      "no event was announced twice on a channel",
      sent.filter(({ of }) => of.length > 2 * CHANNELS.length).map(text("sends")),
    ),
    check(
      "duplicates",
      "nothing was charged or announced for an order that is not stored",
      strangers,
    ),
  ];
}

const channelOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);

const hasAll = (channels: readonly string[]): boolean =>
  CHANNELS.every((name) => channels.filter((channel) => channel === name).length >= 2);

function rows<Row>(folder: string, file: string, sql: string): Row[] {
  using db = new Database(join(folder, file), { readonly: true });
  return db.query<Row, []>(sql).all();
}
