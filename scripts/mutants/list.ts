import { ACCESS } from "./list/access.ts";
import { AUDIT } from "./list/audit.ts";
import { CHAOS_COUNTS } from "./list/chaos-counts.ts";
import { CHAOS_JUDGE } from "./list/chaos-judge.ts";
import { DEV_BROKER } from "./list/dev-broker.ts";
import { INBOX } from "./list/inbox.ts";
import { INBOX_STORE } from "./list/inbox-store.ts";
import { INTAKE } from "./list/intake.ts";
import { KAFKA } from "./list/kafka.ts";
import { OPERATORS } from "./list/operators.ts";
import { ORDERS } from "./list/orders.ts";
import { OUTBOX_STORE } from "./list/outbox-store.ts";
import { RECOVERY } from "./list/recovery.ts";
import { RELAY } from "./list/relay.ts";
import { SERVICE } from "./list/service.ts";
import { STORAGE } from "./list/storage.ts";
import { UNITS } from "./list/units.ts";
import { VERIFY_EFFECTS } from "./list/verify-effects.ts";
import { VERIFY_EVENTS } from "./list/verify-events.ts";
import { VERIFY_LOOKS } from "./list/verify-looks.ts";
import { WIRING } from "./list/wiring.ts";
import type { Mutant } from "./mutant.ts";

/** Every mutant that a test has to notice. docs/guarantees.md says which promise they break. */
export const MUTANTS: readonly Mutant[] = [
  ...ACCESS,
  ...AUDIT,
  ...CHAOS_COUNTS,
  ...CHAOS_JUDGE,
  ...DEV_BROKER,
  ...INBOX,
  ...INBOX_STORE,
  ...INTAKE,
  ...KAFKA,
  ...OPERATORS,
  ...ORDERS,
  ...OUTBOX_STORE,
  ...RECOVERY,
  ...RELAY,
  ...SERVICE,
  ...STORAGE,
  ...UNITS,
  ...VERIFY_EFFECTS,
  ...VERIFY_EVENTS,
  ...VERIFY_LOOKS,
  ...WIRING,
];
