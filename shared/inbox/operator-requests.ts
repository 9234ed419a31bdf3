import { toAppError } from "@order-outbox/errors";
import type { Log } from "@order-outbox/kafka";
import type { HeldRunner } from "./held-runner.ts";
import type { InboxStore, OperatorRequest } from "./store.ts";

export interface OperatorDeps {
  store: InboxStore;
  runner: HeldRunner;
  log: Log;
  now(): number;
  /** Moves a partition's offset and joins again; gives the offset that it moved to. */
  resetOffset(
    topic: string,
    partition: number,
    to: "earliest" | "latest" | number,
  ): Promise<number>;
}

/** Works on operators' requests as they come. */
export interface RequestWorker {
  stop(): Promise<void>;
}

const LOOK_MS = 2_000;

/** Starts to look for requests; `stop` waits for the one at hand. */
export function workOnRequests(deps: OperatorDeps, lookMs = LOOK_MS): RequestWorker {
  const { store, log } = deps;
  let stopped = false;
  let working = Promise.resolve();

  async function workOnOpen(): Promise<void> {
    for (;;) {
      const request = stopped ? undefined : await store.nextRequest();
      if (request === undefined) return;
      const { id, kind, target } = request;
      const outcome = await carryOut(deps, request).catch((error: unknown) => {
        const { code, message } = toAppError(error);
        return { error: message, code };
      });
      await store.finishRequest(id, outcome, isoNow(deps));
      log.info({ request: id, kind, target, outcome }, "operator's request carried out");
    }
  }

  let busy = false;
  let again = false;
  const timer = setInterval(() => {
    if (busy || !(store.mayHaveRequests() || again)) return;
    busy = true;
    again = false;
    working = workOnOpen()
      .catch((error: unknown) => {
        again = true;
        log.warn({ error }, "operators' requests wait");
      })
      .finally(() => {
        busy = false;
      });
  }, lookMs);

  return {
    stop() {
      stopped = true;
      clearInterval(timer);
      return working;
    },
  };
}

async function carryOut(deps: OperatorDeps, request: OperatorRequest): Promise<object> {
  const { store, runner } = deps;
  const target = JSON.parse(request.target) as Record<string, unknown>;
  const audit = (action: string) =>
    store.audit({ at: isoNow(deps), action, target, reason: request.reason });
  switch (request.kind) {
    case "REDRIVE": {
      await audit("REDRIVE");
      if (typeof target.eventKey === "string") return runner.redriveKey(target.eventKey);
      return runner.redriveOne(await requireHeld(store, target));
    }
    case "DISCARD": {
      if (!request.reason?.trim()) throw new Error("a discard needs a reason");
      await runner.discard(await requireHeld(store, target), request.reason);
      return { discarded: 1 };
    }
    case "RESET_OFFSET": {
      const { topic, partition, to } = target;
      const place = typeof topic === "string" && typeof partition === "number";
      const valid = to === "earliest" || to === "latest" || (typeof to === "number" && to >= 0);
      if (!place || !valid) throw new Error(`not an offset to reset: ${request.target}`);
      await audit("RESET_OFFSET");
      return { offset: await deps.resetOffset(topic, partition, to) };
    }
  }
}

const isoNow = ({ now }: OperatorDeps): string => new Date(now()).toISOString();

async function requireHeld(store: InboxStore, { heldId }: Record<string, unknown>) {
  const held = typeof heldId === "number" ? await store.heldById(heldId) : undefined;
  if (held === undefined) throw new Error(`there is no held event ${heldId}`);
  return held;
}
