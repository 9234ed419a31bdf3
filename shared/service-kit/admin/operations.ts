import { Timestamp } from "@order-outbox/events";
import { type TSchema, Type } from "@sinclair/typebox";
import { pageOf } from "../http/pagination.ts";
import { type OperationDetails, operation, WRITE_PROBLEMS } from "../openapi/details.ts";

const tags = ["admin"];
const orNull = <Schema extends TSchema>(schema: Schema) =>
  Type.Union([schema, Type.Null()], { examples: [null] });
const text = (example: string) => Type.String({ examples: [example] });
const count = Type.Integer({ minimum: 0, examples: [0] });
const id = Type.Integer({ minimum: 1, examples: [7] });
const uuid = Type.String({ format: "uuid", examples: ["0198f6a2-0000-7000-8000-00000000e001"] });
const key = text("0198f6a2-0000-7000-8000-000000000001");

const outboxFields = {
  id,
  state: Type.Union(
    (["parked", "pending", "discarded", "published"] as const).map((state) => Type.Literal(state)),
  ),
  eventId: uuid,
  eventType: text("ORDER_CREATED"),
  topic: text("order_created"),
  key,
  createdAt: Timestamp,
  publishedAt: orNull(Timestamp),
  parkedAt: orNull(Timestamp),
  discardedAt: orNull(Timestamp),
  attempts: count,
  lastError: orNull(Type.String()),
};
const OutboxRow = Type.Object(outboxFields, { $id: "OutboxRow" });
const OutboxRowWithPayload = Type.Object(
  { ...outboxFields, payload: Type.Unknown({ description: "The event's data.", examples: [{}] }) },
  { $id: "OutboxRowWithPayload" },
);

const heldFields = {
  id,
  state: Type.Union(
    (["PARKED", "RETRYING", "BEHIND", "WAITING"] as const).map((state) => Type.Literal(state)),
  ),
  eventId: orNull(Type.String()),
  eventType: orNull(Type.String()),
  key: orNull(Type.String()),
  topic: text("payment_processed"),
  partition: count,
  offset: count,
  attempts: count,
  errorCode: text("HANDLER_FAILED"),
  lastError: text("the provider did not answer"),
  heldAt: Timestamp,
  nextAttemptAt: orNull(Timestamp),
};
const HeldEvent = Type.Object(heldFields, { $id: "HeldEvent" });
const HeldEventWithPayload = Type.Object(
  {
    ...heldFields,
    headers: Type.Unknown({ description: "The record's headers.", examples: [{}] }),
    payload: orNull(Type.String({ description: "The record's value as text." })),
  },
  { $id: "HeldEventWithPayload" },
);

const OperatorRequest = Type.Object(
  {
    id,
    kind: text("REDRIVE"),
    target: Type.Unknown({ examples: [{ heldId: 7 }] }),
    reason: orNull(Type.String()),
    requestedAt: Timestamp,
    finishedAt: orNull(Timestamp),
    outcome: Type.Unknown({ description: "null until it is finished.", examples: [null] }),
  },
  { $id: "OperatorRequest" },
);

const asked = (body: TSchema) => ({
  202: {
    description: "Asked; the service carries it out within seconds: see /admin/requests/{id}",
    body,
    links: {
      request: { operationId: "getRequest", parameters: { id: "$response.body#/requestId" } },
    },
  },
});

const first = (...operationIds: string[]) =>
  Object.fromEntries(
    operationIds.map((operationId) => [
      operationId,
      { operationId, parameters: { id: "$response.body#/items/0/id" } },
    ]),
  );

const guarded = (details: Omit<OperationDetails, "tags">) =>
  operation({ ...details, tags, problems: ["UNAUTHORIZED", ...(details.problems ?? [])] });
const reading = (summary: string, description: string, body: TSchema) =>
  guarded({ summary, answers: { 200: { description, body } }, problems: ["NOT_FOUND"] });
const asking = (summary: string, body: TSchema) =>
  guarded({ summary, answers: asked(body), problems: ["NOT_FOUND", ...WRITE_PROBLEMS] });

/** What the document says about the admin routes. */
export const adminOperations = {
  listHeld: guarded({
    summary: "Events that wait, in the order in which they were held",
    answers: {
      200: {
        description: "A page of held events",
        body: pageOf(HeldEvent),
        links: first("getHeld", "discardHeld"),
      },
    },
  }),
  getHeld: reading("One held event", "The event as it was received", HeldEventWithPayload),
  redriveHeld: asking(
    "Try a held event again with all of its key, or all of a key",
    Type.Object({
      requestId: id,
      requestIds: Type.Array(id, {
        description: "All of them: an event without a key is asked for by itself.",
      }),
    }),
  ),
  discardHeld: asking(
    "Give a held event up, so that its key goes on",
    Type.Object({ requestId: id }),
  ),
  getRequest: reading("How a request stands", "The request", OperatorRequest),
  listOutbox: guarded({
    summary: "Outbox rows by id",
    answers: {
      200: {
        description: "A page of outbox rows",
        body: pageOf(OutboxRow),
        links: first("getOutbox", "discardOutbox"),
      },
    },
  }),
  getOutbox: reading("One outbox row", "The row with its payload", OutboxRowWithPayload),
  redriveOutbox: guarded({
    summary: "Publish parked rows again: all, those of a key, or one",
    answers: {
      200: {
        description: "The rows that are pending again",
        body: Type.Object({ redriven: Type.Array(id) }),
      },
    },
    problems: WRITE_PROBLEMS,
  }),
  discardOutbox: guarded({
    summary: "Give a parked row up, so that its key's later rows go on",
    answers: {
      200: { description: "The row is discarded", body: Type.Object({ discarded: id }) },
    },
    problems: ["NOT_FOUND", ...WRITE_PROBLEMS],
  }),
};
