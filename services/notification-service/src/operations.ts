import { OrderId } from "@order-outbox/contracts";
import { Timestamp } from "@order-outbox/events";
import { operation, pageOf } from "@order-outbox/service-kit";
import { type Static, Type } from "@sinclair/typebox";

/** A notification as it is answered. */
export type NotificationView = Static<typeof NotificationView>;
export const NotificationView = Type.Object(
  {
    id: Type.String({ format: "uuid", examples: ["0198f6a2-0000-7000-8000-00000000b001"] }),
    orderId: OrderId,
    eventType: Type.String({ examples: ["ORDER_CREATED"] }),
    channel: Type.Union([Type.Literal("EMAIL"), Type.Literal("SMS"), Type.Literal("PUSH")]),
    status: Type.Literal("SENT"),
    createdAt: Timestamp,
  },
  { $id: "Notification" },
);

export const listNotificationsDetail = operation({
  summary: "Notifications, newest first",
  description: "Six per finished order: three channels for each of its two events.",
  tags: ["notifications"],
  answers: { 200: { description: "A page of notifications", body: pageOf(NotificationView) } },
});
