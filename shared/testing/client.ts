/** An order as order-service answers it. */
export interface OrderView {
  id: string;
  customerId: string;
  amount: number;
  status: "PENDING" | "PAID" | "PAYMENT_FAILED";
  createdAt: string;
  updatedAt: string;
}

/** A payment as payment-service answers it. */
export interface PaymentView {
  id: string;
  orderId: string;
  customerId: string;
  amount: number;
  status: "SUCCEEDED" | "FAILED";
  transactionId: string | null;
  reason: string | null;
  createdAt: string;
}

/** A notification as notification-service answers it. */
export interface NotificationView {
  id: string;
  orderId: string;
  eventType: string;
  channel: "EMAIL" | "SMS" | "PUSH";
  status: string;
  createdAt: string;
}

/** Small functions for what tests ask of a running system over HTTP. */
export interface SystemClient {
  /** Sends an order and returns its id; throws unless the answer is 201. */
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

/** A client of the services at these addresses. */
export function systemClient(urls: {
  order: string;
  payment: string;
  notification: string;
}): SystemClient {
  const filter = (orderId?: string): Record<string, string> => (orderId ? { orderId } : {});
  return {
    async createOrder({ customerId = "customer-1", amount = 99.99 } = {}, headers = {}) {
      const response = await fetch(`${urls.order}/api/orders`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ customerId, amount }),
      });
      const body = await response.json();
      if (response.status !== 201) throw unexpected(response, body);
      return (body as { orderId: string }).orderId;
    },
    getOrder: (orderId) => getJson<OrderView>(`${urls.order}/api/orders/${orderId}`),
    orders: () => getAll<OrderView>(`${urls.order}/api/orders`, {}),
    payments: (orderId) => getAll<PaymentView>(`${urls.payment}/api/payments`, filter(orderId)),
    notifications: (orderId) =>
      getAll<NotificationView>(`${urls.notification}/api/notifications`, filter(orderId)),
  };
}

async function getAll<Item>(url: string, query: Record<string, string>): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const parameters = new URLSearchParams({ limit: "100", ...query, ...(cursor && { cursor }) });
    const page: { items: Item[]; nextCursor: string | null } = await getJson(
      `${url}?${parameters}`,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return items;
}

async function getJson<Body>(url: string): Promise<Body> {
  const response = await fetch(url);
  const body = await response.json();
  if (!response.ok) throw unexpected(response, body);
  return body as Body;
}

function unexpected(response: Response, body: unknown): Error {
  return new Error(`${response.url} answered ${response.status}: ${JSON.stringify(body)}`);
}
