import { type KeepOptions, type Pruner, startAgePruner } from "@order-outbox/units";
import type { NotificationStore } from "./notification-store.ts";

export interface NotificationPruneOptions extends Omit<KeepOptions, "target"> {
  notifications: Pick<NotificationStore, "prunable">;
}

/** Prunes the notifications of finished orders. */
export function startNotificationPruner(options: NotificationPruneOptions): Pruner {
  const { notifications, ...keep } = options;
  return startAgePruner({ ...keep, target: notifications.prunable });
}
