import { existsSync } from "node:fs";
import type { KafkaSecurity } from "@order-outbox/kafka";
import { type ServiceName, serviceNamed } from "@order-outbox/registry";
import { besideDatabase } from "@order-outbox/tool-kit";
import { connectKafka } from "@order-outbox/topic-reader";
import { countOrders } from "./count-orders.ts";
import { readCharges, readSends } from "./read-ledgers.ts";
import { readTopics } from "./read-topics.ts";
import { reconcile } from "./reconcile.ts";
import { confirmed, countKinds, type Report } from "./report.ts";
import { INDEXES, openScratch, type Scratch } from "./scratch.ts";

/** What to verify. */
export interface VerifyOptions {
  /** Holds the databases of the services. */
  dataDir: string;
  /** `host:port`, one or more; undefined leaves the topics out on purpose. */
  brokers: readonly string[] | undefined;
  /** What the cluster asks of its clients; nothing when it is left out. */
  security?: KafkaSecurity;
  /** Milliseconds: what is younger and not at its end is not judged, because it is on its way. */
  settleMs: number;
  /** Milliseconds until suspects are looked at again; 0 takes the first look for final. */
  recheckMs: number;
  /** Paths of the ledgers, in `dataDir` when undefined; `null` leaves one out on purpose. */
  providerLedger?: string | null;
  channelsLedger?: string | null;
  /** Milliseconds since the epoch. */
  now?(): number;
  onProgress?(what: string, done: number, total: number): void;
}

/**
 * Follows every order from its row to the far ends: its event, its record in the topic, its charge,
 * its payment, the result, the status and six notifications, in the order that is promised. It only
 * looks, and is right on a system that works on meanwhile: what is read later can only have more
 * than what is read first, young things are not judged, and what seems wrong is looked at twice.
 *
 * Memory does not grow with the number of orders, only with that of the findings.
 */
export async function verifySystem(options: VerifyOptions): Promise<Report> {
  const { dataDir, settleMs, recheckMs, now = Date.now, onProgress = () => {} } = options;
  using scratch = openScratch(dataDir);
  const { db } = scratch;
  const startedAt = now();
  const cutoff = new Date(startedAt - settleMs).toISOString();
  const leftOut: string[] = [];
  const ledgers = openLedgers(scratch, options, leftOut);
  const { brokers, security } = options;
  const kafka = brokers === undefined ? undefined : connectKafka(brokers, security);
  const has = { ...ledgers.has, topics: kafka !== undefined };
  let clusterId = "";
  const unreadable = new Set<string>();

  async function look(again: boolean) {
    if (kafka !== undefined && has.topics) {
      try {
        const read = await readTopics(db, kafka, (done, total) =>
          onProgress("reading the topics", done, total),
        );
        clusterId = read.clusterId;
        for (const batch of read.unreadable) unreadable.add(batch);
      } catch (error) {
        const what = again ? "the topics at the second look" : "the topics";
        leftOut.push(`${what}: ${describeBrokerError(error)}`);
        has.topics = again;
      }
    }
    ledgers.read();
    db.run(INDEXES);
    onProgress(again ? "reconciling again" : "reconciling", 0, 1);
    return reconcile({ db, cutoff, clusterId, has });
  }

  let result = await look(false);
  if (result.findings.length > 0 && recheckMs > 0) {
    await Bun.sleep(recheckMs);
    const second = await look(true);
    result = { ...second, findings: confirmed(result.findings, second.findings) };
  }
  const endedAt = new Date(now()).toISOString();
  const orders = countOrders({ db, cutoff, clusterId, has }, endedAt);
  if (orders.ahead > 0) {
    leftOut.push(
      `orders accepted at a time that has not come yet, by a clock that was ahead: ${orders.ahead}`,
    );
  }
  return {
    startedAt: new Date(startedAt).toISOString(),
    cutoff,
    orders,
    ...countRecords(scratch, has.topics),
    counts: countKinds(result.findings),
    ...result,
    notes: [...result.notes, ...unreadable],
    leftOut,
  };
}

function countRecords(
  { db }: Scratch,
  read: boolean,
): Pick<Report, "records" | "repeatsOnTheWire"> {
  if (!read) return { records: null, repeatsOnTheWire: 0 };
  const { records, repeats } = db
    .query<{ records: number; repeats: number }, []>(
      "SELECT count(*) AS records, count(eventId) - count(DISTINCT eventId) AS repeats FROM records",
    )
    .get() ?? { records: 0, repeats: 0 };
  return { records, repeatsOnTheWire: repeats };
}

function openLedgers(scratch: Scratch, options: VerifyOptions, leftOut: string[]) {
  const { dataDir, providerLedger, channelsLedger } = options;
  const attach = (
    name: string,
    what: string,
    keeper: ServiceName,
    given: string | null | undefined,
  ) => {
    if (given === null) return false;
    const path = given ?? besideDatabase(dataDir, serviceNamed(keeper), `${name}-ledger.db`);
    if (existsSync(path)) {
      scratch.attach(name, path, "ledger");
      return true;
    }
    leftOut.push(`${what}: there is no ${path}`);
    return false;
  };
  const charges = attach("provider", "the provider's ledger", "payment-service", providerLedger);
  const sends = attach("channels", "the channels' ledger", "notification-service", channelsLedger);
  let counted = 0;
  return {
    has: { charges, sends },
    read() {
      if (charges) readCharges(scratch.db);
      if (sends) counted = readSends(scratch.db, counted);
    },
  };
}

function describeBrokerError(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message === "" ? "the broker does not answer" : message;
}
