/** Gives the next request to send, as bytes. */
export type RequestSource = () => Uint8Array;

const CUSTOMERS = 1_000;

/**
 * Orders of a thousand customers, rendered beforehand. With `keys`, each request carries an
 * Idempotency-Key of its own, and is rendered when it is asked for.
 */
export function orderRequests(port: number, keys: boolean): RequestSource {
  let next = 0;
  if (keys) {
    return () => {
      next += 1;
      return render(port, next % CUSTOMERS, `idempotency-key: ${crypto.randomUUID()}\r\n`);
    };
  }
  const rendered = Array.from({ length: CUSTOMERS }, (_, customer) => render(port, customer, ""));
  return () => {
    next = (next + 1) % CUSTOMERS;
    return rendered[next] as Uint8Array;
  };
}

function render(port: number, customer: number, header: string): Uint8Array {
  const body = JSON.stringify({
    customerId: `customer-${customer}`,
    amount: Math.round((1 + customer * 1.37) * 100) / 100,
  });
  return Buffer.from(
    `POST /api/orders HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n${header}content-length: ${body.length}\r\n\r\n${body}`,
  );
}
