import { brokerGrowth } from "./broker-growth.ts";
import { outageDrain } from "./outage-drain.ts";
import { growthRounds, outboxGrowth, sizesOf } from "./outbox-growth.ts";
import type { Part } from "./part.ts";

export const growth: Part = {
  name: "growth",
  title: "Growth",
  limits: `The relay finds pending rows by a partial index that holds nothing else, and marks them by
their ids, so published rows cost it nothing but a deeper tree. An order's insert touches every index
of two tables; ids grow with time, so the new pages are at the right edge and in the cache. The
embedded broker keeps its records in SQLite and reads its place at the start. After an outage the
backlog goes out at the relay's rate, and is consumed and answered while that happens; the time counts
from when the broker answers again, so the pauses between attempts are in it.`,
  steps: (context) => growthRounds(context) * (sizesOf(context).length * 2 + 2) + 6,
  async run(context, recorder) {
    await outageDrain(context, recorder);
    await outboxGrowth(context, recorder);
    await brokerGrowth(context, recorder);
  },
};
