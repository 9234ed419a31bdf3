import { test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { waitFor } from "@order-outbox/testing";
import { openReader, openStream, orderCreated } from "./test-inbox.ts";

const DAY_MS = 86_400_000;

test.concurrent.each([
  ["back by ten minutes", -600_000],
  ["back by 65 minutes", -3_900_000],
  ["forwards by 400 days", 400 * DAY_MS],
])("a retry comes in its time when the clock is set %s after it was planned", async (_, setBy) => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  let set = 0;
  const inbox = reader.start({
    now: () => Date.now() + set,
    retry: { attempts: 100, baseMs: 200, capMs: 2 * 3_600_000 },
    handlers: {
      ORDER_CREATED: {
        async prepare() {
          if (set === 0) throw new AppError("HANDLER_FAILED", "not now", { retryable: true });
        },
        decide: reader.leaveRow,
      },
    },
  });
  await stream.publish([orderCreated()]);
  await waitFor(() => inbox.status().held.RETRYING === 1, { what: "the retry to be planned" });
  set = setBy;
  await waitFor(() => inbox.status().processed === 1, { what: "the retry", timeoutMs: 10_000 });
});

test.concurrent("a retry that a clock ahead has planned is made at once after a restart", async () => {
  await using stream = await openStream();
  await using reader = openReader(stream);
  let passes = false;
  const handlers = {
    ORDER_CREATED: {
      async prepare() {
        if (!passes) throw new AppError("HANDLER_FAILED", "not now", { retryable: true });
      },
      decide: reader.leaveRow,
    },
  };
  const retry = { attempts: 100, baseMs: 5_000, capMs: 5_000 };
  const ahead = reader.start({ now: () => Date.now() + 400 * DAY_MS, retry, handlers });
  await stream.publish([orderCreated()]);
  await waitFor(() => ahead.status().held.RETRYING === 1, { what: "the event to be held" });
  await ahead.stop();
  passes = true;

  const inbox = reader.start({ retry, handlers });
  await waitFor(() => inbox.status().processed === 1, {
    what: "the retry",
    timeoutMs: 4_000,
  });
});
