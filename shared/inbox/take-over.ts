import type { ConsumedBatch, Consumer } from "@order-outbox/kafka";
import { finishRecord } from "./effects.ts";
import type { HeldRunner } from "./held-runner.ts";
import { type Lags, ownLagOf } from "./lags.ts";
import type { Lanes } from "./lanes.ts";
import { createOffsetTracker, type OffsetTracker } from "./offset-tracker.ts";
import { processRecord } from "./process-record.ts";
import { readRecord } from "./read-record.ts";
import { waitOutTrouble } from "./wait-out-trouble.ts";
import type { WorkDeps } from "./work-deps.ts";

/** What taking over needs. */
export interface TakeOverDeps {
  deps: WorkDeps;
  /** By topic and partition: what is done of each. */
  trackers: Map<string, OffsetTracker>;
  lanes: Lanes;
  lags: Lags;
  runner: HeldRunner;
  stopping: AbortSignal;
  reportOffset: Consumer["reportOffset"];
}

type TakeOver = (batch: ConsumedBatch, clusterId: string, signal: AbortSignal) => Promise<void>;

/** Takes batches over: every record is read and worked on in the lane of its key. */
export function createTakeOver({
  deps,
  trackers,
  lanes,
  lags,
  runner,
  stopping,
  reportOffset,
}: TakeOverDeps): TakeOver {
  const { store, units, progress, now } = deps;

  async function takeOver(
    batch: ConsumedBatch,
    clusterId: string,
    signal: AbortSignal,
  ): Promise<void> {
    const name = `${batch.topic}/${batch.partition}`;
    const tracker = trackers.get(name) ?? createOffsetTracker(batch.records[0]?.offset ?? 0);
    trackers.set(name, tracker);
    const until = AbortSignal.any([signal, stopping]);
    if (lanes.size === 0 || ownLagOf(lags.list()) === 0) progress.note();
    lags.noteBatch(batch);
    for (const record of batch.records) {
      if (until.aborted) return;
      const reading = readRecord(record, deps);
      const work = async () => {
        if (stopping.aborted) return;
        const place = { clusterId, record, tracker };
        const outcome = await processRecord(deps, reading, place);
        if (outcome === "held") runner.plan();
        if (outcome !== "applied") return;
        const looking = waitOutTrouble(deps, () => store.heldStates(reading.key));
        const held = looking instanceof Promise ? await looking : looking;
        if (held.length > 0) await runner.runKey(reading.key);
      };
      tracker.start(record.offset);
      const entering = lanes.enter(reading.key, work, until);
      if (!(entering instanceof Promise ? await entering : entering)) return;
    }
    tracker.passTo(batch.nextOffset);
    const lastOffset = batch.records.at(-1)?.offset ?? -1;
    if (batch.nextOffset > lastOffset + 1) await passOver(batch, clusterId, tracker);
  }

  /** What ends a batch and is no record for us has no transaction of its own to move the offset. */
  async function passOver(
    { topic, partition }: ConsumedBatch,
    clusterId: string,
    tracker: OffsetTracker,
  ): Promise<void> {
    const at = new Date(now()).toISOString();
    const place = { consumer: store.consumer, clusterId, topic, partition };
    const passed = finishRecord({ ...place, tracker, at });
    await waitOutTrouble(deps, () => units.commit({ effects: [passed] }));
    reportOffset(topic, partition, tracker.watermark());
  }

  return takeOver;
}
