import { type InboxRetention, startInboxRetention } from "@order-outbox/inbox";
import { parseDuration } from "@order-outbox/service-kit";
import { startAgePruner } from "@order-outbox/units";
import type { Foundation } from "./foundation.ts";
import type { Kept } from "./parts.ts";
import type { InboxTables, OutboxTables } from "./tables.ts";

/** What is pruned by {@link startPruning}. */
export interface PruningOptions {
  inbox: InboxTables | undefined;
  /** The consumed topics: an inbox outlives what they keep. */
  topics: readonly string[];
  outbox: OutboxTables | undefined;
  /** What the service itself forgets. */
  kept: readonly Kept[];
}

/** Old rows on their way out. */
export interface Pruning {
  /** Of the inbox, when there is one. */
  inbox: InboxRetention | undefined;
  stop(): Promise<void>;
}

/** Starts to delete what is old: from the inbox, the outbox, and the service's own tables. */
export function startPruning(
  { config, client, logger, ageing }: Foundation,
  { inbox, topics, outbox, kept }: PruningOptions,
): Pruning {
  const basics = { log: logger, now: ageing, random: Math.random };
  const retention =
    inbox &&
    startInboxRetention({
      ...basics,
      client,
      store: inbox.store,
      topics,
      keepMs: parseDuration(config.INBOX_RETENTION),
    });
  const settled = outbox && {
    target: outbox.settled,
    keepMs: parseDuration(config.OUTBOX_RETENTION),
  };
  const pruners = [...(settled ? [settled] : []), ...kept].map((one) =>
    startAgePruner({ ...basics, ...one }),
  );
  return {
    inbox: retention,
    async stop() {
      await Promise.all([retention?.stop(), ...pruners.map((pruner) => pruner.stop())]);
    },
  };
}
