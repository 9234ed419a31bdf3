import type { Topic } from "@order-outbox/contracts";

/** What tools know of a service. */
export interface ServiceEntry {
  /** Also its consumer group, and its container. */
  readonly name: `${string}-service`;
  /** In the repository; the program is `src/main.ts` in it. */
  readonly folder: string;
  /** Where it listens unless it is told otherwise. */
  readonly port: number;
  /** The variable that gives it another port in `bun run start`. */
  readonly portVariable: `${string}_PORT`;
  /** What people look at, on its port. */
  readonly page: `/${string}`;
  /** The file, in the folder of the databases or in its own. */
  readonly database: `${string}.db`;
  /** Tables that make a file a database of this service and of no other. */
  readonly tables: readonly string[];
  /** What it writes through its outbox; it has one when there is such a topic. */
  readonly publishes: readonly Topic[];
  /** What it reads through its inbox. */
  readonly consumes: readonly Topic[];
}

/** Whether the service publishes. */
export const hasOutbox = ({ publishes }: ServiceEntry): boolean => publishes.length > 0;

/** Whether the service consumes. */
export const hasInbox = ({ consumes }: ServiceEntry): boolean => consumes.length > 0;

/** The name of its database: that of the file without `.db`. */
export const databaseName = ({ database }: ServiceEntry): string => database.replace(/\.db$/, "");
