import type { Mutant } from "../mutant.ts";

export const ORDERS: readonly Mutant[] = [
  {
    name: "a-contradicting-event-charges-again",
    breaks: "One order is charged once: what contradicts the first is refused.",
    file: "services/payment-service/src/payment-provider.ts",
    find: "if (differing.length === 0) return;",
    put: "if (differing.length < 4) return;",
    test: "services/payment-service/src/process-payment.test.ts › also when nothing but the provider knows of the charge: an event with %s is refused",
  },
  {
    name: "every-event-has-a-charge-of-its-own",
    breaks: "One order is charged once, whatever events name it.",
    file: "services/payment-service/src/process-payment.ts",
    find: "const idempotencyKey = chargeKey(orderId);",
    put: `const idempotencyKey = \`\${chargeKey(orderId)}:\${eventId}\`;`,
    test: "services/payment-service/src/process-payment.test.ts › also when nothing but the provider knows of the charge: an event with %s is refused",
  },
  {
    name: "a-second-event-is-told-again",
    breaks: "One order's customer is told once of its creation and once of its payment.",
    file: "services/notification-service/src/notify.ts",
    find: "if (told !== undefined && told.eventId !== event.id) throw contradiction(event);",
    put: 'if (told?.eventId === "") throw contradiction(event);',
    test: "services/notification-service/src/notify.test.ts › an order's customer is told once of each kind: a second event of a kind is refused unsent",
  },
  {
    name: "anybodys-payment-settles-an-order",
    breaks: "A payment's result settles only an order of its customer and amount.",
    file: "services/order-service/src/apply-payment.ts",
    find: "const paid = { id: orderId, customerId, amount };",
    put: `const known = deps.orders.find(orderId);
      const paid = { id: orderId, customerId: known?.customerId ?? customerId, amount: known?.amount ?? amount };`,
    test: "services/order-service/src/apply-payment.test.ts › a result that is about another customer or amount settles nothing (%j)",
  },
  {
    name: "former-charges-are-not-known",
    breaks: "What was charged under the first version's keys is not charged again.",
    file: "shared/sqlite/ledger.ts",
    find: "const former = hasFormer ? findFormer.get(key) : null;",
    put: 'const former = hasFormer && key === "" ? findFormer.get(key) : null;',
    test: "shared/testing/e2e/upgrade.test.ts › databases of the first version go on: nobody is charged or told twice, all events are known",
  },
  {
    name: "a-refused-event-holds-its-order",
    breaks: "An event that is refused for what it is holds back no order.",
    file: "shared/inbox/work.ts",
    find: "REFUSALS.includes(errorCode)",
    put: 'REFUSALS.includes(errorCode) && errorCode === ""',
    test: "shared/inbox/held-events.test.ts › an event that contradicts parks alone, also when it had waited behind another",
  },
  {
    name: "a-log-that-fails-ends-its-service",
    breaks: "Whatever becomes of its log, a service takes orders and ends in order.",
    file: "shared/output/output.ts",
    find: "if (!BUSY.includes(code)) drained?.resolve();",
    put: "if (!BUSY.includes(code)) throw new Error(code);",
    test: "shared/testing/e2e/output.test.ts › a log that stalls, whose reader is gone or whose disk is full neither stops an order nor the end",
  },
];
