import { INBOX } from "./list/inbox.ts";
import { INTAKE } from "./list/intake.ts";
import { RECOVERY } from "./list/recovery.ts";
import { RELAY } from "./list/relay.ts";
import type { Mutant } from "./mutant.ts";

/** Every mutant that a test has to notice. docs/guarantees.md says which promise they break. */
export const MUTANTS: readonly Mutant[] = [...INBOX, ...INTAKE, ...RECOVERY, ...RELAY];
