import { AppError } from "@order-outbox/errors";
import type { HeldDesk, HeldState, OutboxDesk, OutboxState } from "@order-outbox/operator";
import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { decodeCursor, PageQuery, toPage } from "../http/pagination.ts";
import { pathOf } from "../http/paths.ts";
import { REQUEST_ID } from "../http/request-id.ts";
import type { Logger } from "../logs/logger.ts";
import { createAdminGate } from "./gate.ts";
import { adminOperations as details } from "./operations.ts";

type HeldOperations = Pick<HeldDesk, "list" | "find" | "redrive" | "discard" | "findRequest">;
type OutboxOperations = Pick<OutboxDesk, "list" | "find" | "redrive" | "discard">;

export interface AdminOptions {
  /** Every request has to carry what it gives: `Authorization: Bearer …`; see `adminTokenOf`. */
  token: () => string;
  /** Told of wrong tokens. */
  logger: Logger;
  /** Of a service that consumes. */
  held?: HeldOperations;
  /** Of a service that publishes. */
  outbox?: OutboxOperations;
}

const choice = <T extends string>(...names: T[]) =>
  Type.Optional(Type.Union(names.map((name) => Type.Literal(name))));
const Key = Type.Optional(Type.String({ minLength: 1, maxLength: 256 }));
const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const Path = Type.Object({ id: Type.String({ pattern: "^[1-9][0-9]{0,15}$" }) });
const Cursor = Type.Object({ id: Type.Integer() });
const Reason = Type.Object({
  reason: Type.String({ minLength: 1, maxLength: 1_000, pattern: "\\S" }),
});
const target = { id: Type.Optional(Id), key: Key };
const Which = Type.Object(target);
/** `oneOf` is for the document: the handler refuses the rest. */
const OneOf = Type.Object(target, { oneOf: [{ required: ["id"] }, { required: ["key"] }] });
const HeldQuery = Type.Object({
  ...PageQuery.properties,
  key: Key,
  state: choice<HeldState>("RETRYING", "BEHIND", "WAITING", "PARKED"),
});
const OutboxQuery = Type.Object({
  ...PageQuery.properties,
  key: Key,
  state: choice<OutboxState>("pending", "parked", "discarded", "published"),
});

const hidden = { detail: { hide: true } };

/** Without it the route of one row would take "redrive" for an id. */
function takesPost(): never {
  throw new AppError("METHOD_NOT_ALLOWED", "This address takes POST.", {
    details: { allow: ["POST"] },
  });
}

/**
 * Routes for operators, each behind the token. Mount them only when there is one: without it the
 * addresses do not exist. Nothing of a request is read before its token, not even whether there is
 * such an address.
 */
export function adminRoutes({ token, logger, held, outbox }: AdminOptions) {
  const admit = createAdminGate({ token, logger, now: () => performance.now(), wait: Bun.sleep });
  const admitted = new WeakSet<Request>();
  const routes = new Elysia({ name: "admin", prefix: "/admin" })
    .onRequest(async function requireToken({ request, set }) {
      const path = pathOf(request.url);
      if (path !== "/admin" && !path.startsWith("/admin/")) return;
      const requestId = set.headers[REQUEST_ID];
      await admit(request.headers.get("authorization"), { path: path.slice(0, 256), requestId });
      admitted.add(request);
    })
    .onBeforeHandle(function requireAdmission({ request }) {
      // However a path may be spelt that leads to one of these routes.
      if (!admitted.has(request)) throw new AppError("UNAUTHORIZED", "Send the token.");
    });
  return routes
    .use(held === undefined ? new Elysia() : heldRoutes(held))
    .use(outbox === undefined ? new Elysia() : outboxRoutes(outbox));
}

function heldRoutes(held: HeldOperations) {
  return new Elysia({ name: "admin-held" })
    .get(
      "/held-events",
      async function listHeld({ query: { limit, cursor, ...filter } }) {
        const afterId = decodeCursor(Cursor, cursor)?.id;
        const rows = await held.list({ ...filter, ...(afterId && { afterId }) }, limit + 1);
        return toPage(rows, limit, ({ id }) => ({ id }));
      },
      { query: HeldQuery, detail: details.listHeld },
    )
    .get(
      "/held-events/:id",
      async function getHeld({ params }) {
        return require(await held.find(Number(params.id)), params.id);
      },
      { params: Path, detail: details.getHeld },
    )
    .get("/held-events/redrive", takesPost, hidden)
    .post(
      "/held-events/redrive",
      async function redriveHeld({ body: { id, key }, set }) {
        if ((id === undefined) === (key === undefined)) {
          throw new AppError("INPUT_INVALID", "Give either id or key.");
        }
        set.status = 202;
        const which = key === undefined ? { id: id as number } : { key };
        const requestIds = await held.redrive(which);
        return { requestId: requestIds[0], requestIds };
      },
      { body: OneOf, detail: details.redriveHeld },
    )
    .post(
      "/held-events/:id/discard",
      async function discardHeld({ params, body, set }) {
        set.status = 202;
        return { requestId: await held.discard(Number(params.id), body.reason) };
      },
      { params: Path, body: Reason, detail: details.discardHeld },
    )
    .get(
      "/requests/:id",
      async function getRequest({ params }) {
        return require(await held.findRequest(Number(params.id)), params.id);
      },
      { params: Path, detail: details.getRequest },
    );
}

function outboxRoutes(outbox: OutboxOperations) {
  return new Elysia({ name: "admin-outbox" })
    .get(
      "/outbox",
      async function listOutbox({ query: { limit, cursor, ...filter } }) {
        const afterId = decodeCursor(Cursor, cursor)?.id;
        const rows = await outbox.list({ ...filter, ...(afterId && { afterId }) }, limit + 1);
        return toPage(rows, limit, ({ id }) => ({ id }));
      },
      { query: OutboxQuery, detail: details.listOutbox },
    )
    .get(
      "/outbox/:id",
      async function getOutbox({ params }) {
        return require(await outbox.find(Number(params.id)), params.id);
      },
      { params: Path, detail: details.getOutbox },
    )
    .get("/outbox/redrive", takesPost, hidden)
    .post(
      "/outbox/redrive",
      async function redriveOutbox({ body: { id, key } }) {
        const which = { ...(id && { id }), ...(key && { key }) };
        return { redriven: await outbox.redrive(which) };
      },
      { body: Which, detail: details.redriveOutbox },
    )
    .post(
      "/outbox/:id/discard",
      async function discardOutbox({ params, body }) {
        await outbox.discard(Number(params.id), body.reason);
        return { discarded: Number(params.id) };
      },
      { params: Path, body: Reason, detail: details.discardOutbox },
    );
}

function require<T>(found: T | undefined, id: string): T {
  if (found === undefined) throw new AppError("NOT_FOUND", `There is nothing with the id ${id}.`);
  return found;
}
