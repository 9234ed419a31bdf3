import { treaty } from "@elysiajs/eden";
import type { App as Notifications, NotificationView } from "@order-outbox/notification-service";
import type { App as Orders, OrderView } from "@order-outbox/order-service";
import type { App as Payments, PaymentView } from "@order-outbox/payment-service";

export type { NotificationView, OrderView, PaymentView };

/** Small functions for what tests ask of a running system over HTTP. */
export interface SystemClient {
  /** Sends an order and returns its id; throws unless it is accepted. */
  createOrder(
    order?: { customerId?: string; amount?: number },
    headers?: Record<string, string>,
  ): Promise<string>;
  getOrder(orderId: string): Promise<OrderView>;
  /** Every payment, or those of one order, through all pages. */
  payments(orderId?: string): Promise<PaymentView[]>;
  /** Every notification, or those of one order, through all pages. */
  notifications(orderId?: string): Promise<NotificationView[]>;
  /** Every order, newest first, through all pages. */
  orders(): Promise<OrderView[]>;
}

/** A client of the services at these addresses, typed by their routes. */
export function systemClient(urls: {
  order: string;
  payment: string;
  notification: string;
}): SystemClient {
  const asSent = { parseDate: false };
  const { orders } = treaty<Orders>(urls.order, asSent).api;
  const { payments } = treaty<Payments>(urls.payment, asSent).api;
  const { notifications } = treaty<Notifications>(urls.notification, asSent).api;
  const ofOrder = (orderId?: string) => (orderId === undefined ? {} : { orderId });
  return {
    async createOrder({ customerId = "customer-1", amount = 99.99 } = {}, headers = {}) {
      const { orderId } = await answered(orders.post({ customerId, amount }, { headers }));
      return orderId;
    },
    getOrder: (orderId) => answered(orders({ orderId }).get()),
    orders: () => allPages((page) => answered(orders.get({ query: page }))),
    payments: (orderId) =>
      allPages((page) => answered(payments.get({ query: { ...page, ...ofOrder(orderId) } }))),
    notifications: (orderId) =>
      allPages((page) => answered(notifications.get({ query: { ...page, ...ofOrder(orderId) } }))),
  };
}

async function allPages<Item>(
  read: (page: { limit: number; cursor?: string }) => Promise<{
    items: Item[];
    nextCursor: string | null;
  }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page = await read({ limit: 100, ...(cursor !== null && { cursor }) });
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

async function answered<Body>(
  call: Promise<{
    data: Body;
    error: { value: unknown } | null;
    response: Response | undefined;
  }>,
): Promise<NonNullable<Body>> {
  const { data, error, response } = await call;
  // Eden makes a 503 of a connection that is refused or lost.
  if (response === undefined) throw new Error("there was no answer", { cause: error?.value });
  if (error !== null || !data) {
    const body = JSON.stringify(error?.value);
    throw new Error(`${response.url} answered ${response.status}: ${body}`);
  }
  return data;
}
