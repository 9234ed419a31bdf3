import { createHeldDesk } from "@order-outbox/inbox";
import type { HeldDesk, OutboxDesk } from "@order-outbox/operator";
import { createOutboxDesk } from "@order-outbox/outbox";
import { hasInbox, hasOutbox, type Service } from "@order-outbox/registry";
import { type Database, writeAlone } from "@order-outbox/sqlite";
import { openToRead, openToWrite, requireToRead } from "@order-outbox/tool-kit";

/** A service's desks, opened beside the service itself, which may run or not. */
export interface Desks extends Disposable {
  readonly db: Database;
  readonly outbox: OutboxDesk | undefined;
  readonly held: HeldDesk | undefined;
}

/** For looking only. */
export const readDesks = (dataDir: string, service: Service): Desks =>
  desksOf(requireToRead(dataDir, service), service);

/** The same; undefined where the service has not made its database yet. */
export function findDesks(dataDir: string, service: Service): Desks | undefined {
  const db = openToRead(dataDir, service);
  return db === undefined ? undefined : desksOf(db, service);
}

/** For decisions. */
export const openDesks = (dataDir: string, service: Service): Desks =>
  desksOf(openToWrite(dataDir, service), service);

function desksOf(db: Database, service: Service): Desks {
  try {
    const options = { db, write: writeAlone(db), now: Date.now };
    return {
      db,
      outbox: hasOutbox(service) ? createOutboxDesk(options) : undefined,
      held: hasInbox(service) ? createHeldDesk(options) : undefined,
      [Symbol.dispose]: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
