import { INBOX } from "./list/inbox.ts";
import { OUTBOX } from "./list/outbox.ts";
import type { Mutant } from "./mutant.ts";

/** Every mutant that a test has to notice. docs/guarantees.md says which promise they break. */
export const MUTANTS: readonly Mutant[] = [...OUTBOX, ...INBOX];
