import { afterEach, describe, expect, test } from "bun:test";
import { newEventId } from "@order-outbox/events";
import { CHANNEL_NAMES } from "@order-outbox/outside-world";
import type { Effect, Units } from "@order-outbox/units";
import { type NotificationStore, recordSent, type Sent } from "./notification-store.ts";
import type { ListedNotification } from "./notified-event.ts";

/** For contract suites: what notification-service keeps, in some kind of database, empty. */
export interface OpenedNotifications extends AsyncDisposable {
  units: Units;
  notifications: NotificationStore;
}

/** More than any test stores: a list whose pages repeat has no end. */
const MANY = 100;
const [OLD, YOUNG] = ["2026-01-01T00:00:00.000Z", "2026-03-01T00:00:00.000Z"];

const sent = (change: Partial<Sent> = {}): Effect =>
  recordSent({
    orderId: "order-1",
    eventId: "created",
    eventType: "ORDER_CREATED",
    kind: "created",
    channels: CHANNEL_NAMES,
    sentAt: OLD,
    ...change,
  });

const paid = { eventId: "paid", eventType: "PAYMENT_SUCCEEDED", kind: "payment" } as const;

/** What every store of notifications keeps. */
export function describeNotificationStore(
  kind: string,
  open: () => Promise<OpenedNotifications>,
): void {
  describe(`notifications in ${kind}`, () => {
    const opened: OpenedNotifications[] = [];
    const fresh = async () => {
      const store = await open();
      opened.push(store);
      const commit = (...effects: Effect[]) => store.units.commit({ effects });
      return { ...store, commit };
    };
    afterEach(async () => {
      for (const store of opened.splice(0)) await store[Symbol.asyncDispose]();
    });

    test("what was sent of a kind is known, with the event that it was sent for", async () => {
      const { notifications, commit } = await fresh();
      await commit(sent({ channels: ["EMAIL", "PUSH"] }));
      await commit(sent({ ...paid, channels: ["SMS"] }));
      const known = (orderId: string, kind: "created" | "payment") =>
        notifications.findNotified(orderId, kind);
      expect(await known("order-1", "created")).toEqual({
        eventId: "created",
        done: ["EMAIL", "PUSH"],
      });
      expect(await known("order-1", "payment")).toEqual({ eventId: "paid", done: ["SMS"] });
      expect(await known("order-2", "created")).toBeUndefined();
    });

    test("a channel that sends later is added, and one that had sent keeps its time", async () => {
      const { notifications, commit } = await fresh();
      await Promise.all([
        commit(sent({ channels: ["EMAIL"] })),
        commit(sent({ sentAt: YOUNG, eventId: "later" })),
        commit(sent({ orderId: "order-2", channels: ["SMS"] })),
      ]);
      const listed = await notifications.list({ orderId: "order-1" }, 10);
      const times = Object.fromEntries(
        listed.map(({ channel, createdAt }) => [channel, createdAt]),
      );
      expect(times).toEqual({ EMAIL: OLD, SMS: YOUNG, PUSH: YOUNG });
      expect(await notifications.findNotified("order-1", "created")).toMatchObject({
        eventId: "created",
      });
    });

    test("notifications are listed the newest first, of all or of an order, in pages of any size", async () => {
      const { notifications, commit } = await fresh();
      for (const orderId of ["order-1", "order-2"]) {
        await commit(sent({ orderId, eventId: orderId }));
      }
      await commit(sent({ ...paid, channels: ["EMAIL", "PUSH"] }));
      const line = ({ orderId, eventType, channel }: ListedNotification) =>
        `${orderId} ${eventType} ${channel}`;
      const ofCreation = (orderId: string) =>
        ["PUSH", "SMS", "EMAIL"].map((channel) => `${orderId} ORDER_CREATED ${channel}`);
      const payment = ["PUSH", "EMAIL"].map((channel) => `order-1 PAYMENT_SUCCEEDED ${channel}`);
      for (const limit of [1, 2, 3, 100]) {
        const listAll = async (orderId?: string) => {
          const listed: ListedNotification[] = [];
          for (;;) {
            const page = await notifications.list({ orderId, after: listed.at(-1) }, limit);
            expect(page.length).toBeLessThanOrEqual(limit);
            expect(listed.length).toBeLessThan(MANY);
            if (page.length === 0) return listed;
            listed.push(...page);
          }
        };
        const all = await listAll();
        expect(all.map(line)).toEqual([
          ...payment,
          ...ofCreation("order-2"),
          ...ofCreation("order-1"),
        ]);
        expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
        expect((await listAll("order-1")).map(line)).toEqual([
          ...payment,
          ...ofCreation("order-1"),
        ]);
      }
    });

    test("the notifications of finished orders are forgotten when they are old, all of an order at once", async () => {
      const { notifications, commit } = await fresh();
      const finished = [newEventId(), newEventId(), newEventId()];
      for (const orderId of finished) await commit(sent({ orderId }), sent({ ...paid, orderId }));
      await commit(sent({ orderId: "unpaid" }));
      await commit(sent({ orderId: "young" }), sent({ ...paid, orderId: "young", sentAt: YOUNG }));
      await commit(
        sent({ orderId: "half" }),
        sent({ ...paid, orderId: "half", channels: ["SMS"] }),
      );
      const { prunable } = notifications;
      const old: unknown[] = [];
      let after: unknown;
      do {
        const scan = await prunable.scan(after, "2026-02-01", 2);
        old.push(...scan.old);
        after = scan.last;
      } while (after !== undefined);
      expect(old).toHaveLength(3);
      await prunable.remove(old, "2025");
      expect((await notifications.list({}, 100)).length).toBe(18 + 3 + 6 + 4);
      await prunable.remove(old, "2026-02-01");
      const left = await notifications.list({}, 100);
      expect(new Set(left.map(({ orderId }) => orderId))).toEqual(
        new Set(["half", "young", "unpaid"]),
      );
      expect(left).toHaveLength(3 + 6 + 4);
    });
  });
}
