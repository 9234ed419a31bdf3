/** Gives the next request to send, as bytes. */
export type RequestSource = () => Uint8Array;

const CUSTOMERS = 1_000;

/** As long as the keys that take its place. */
const NO_KEY = "00000000-0000-0000-0000-000000000000";

/**
 * Orders of a thousand customers, rendered beforehand. With `keys`, each request carries an
 * Idempotency-Key of its own, which is written into the rendered bytes when it is asked for; so no
 * more than a thousand may be on their way.
 */
export function orderRequests(port: number, keys: boolean): RequestSource {
  let next = 0;
  const header = keys ? `idempotency-key: ${NO_KEY}\r\n` : "";
  const rendered = Array.from({ length: CUSTOMERS }, (_, customer) => {
    const request = render(port, customer, header);
    return { request, keyAt: request.indexOf(NO_KEY) };
  });
  return () => {
    next = (next + 1) % CUSTOMERS;
    const { request, keyAt } = rendered[next] as (typeof rendered)[number];
    if (keys) request.write(crypto.randomUUID(), keyAt, "latin1");
    return request;
  };
}

function render(port: number, customer: number, header: string): Buffer {
  const body = JSON.stringify({
    customerId: `customer-${customer}`,
    amount: Math.round((1 + customer * 1.37) * 100) / 100,
  });
  return Buffer.from(
    `POST /api/orders HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n${header}content-length: ${body.length}\r\n\r\n${body}`,
  );
}
