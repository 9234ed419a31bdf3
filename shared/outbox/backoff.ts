export { type Backoff, backoffDelay } from "@order-outbox/errors";
