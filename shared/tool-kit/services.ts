import { hasOutbox, SERVICES, type Service } from "@order-outbox/registry";
import { UserError } from "./user-error.ts";

/** The service of this name; `order` is short for `order-service`. */
export function parseService(name: string): Service {
  const service = SERVICES.find((one) => one.name === name || one.name === `${name}-service`);
  if (service !== undefined) return service;
  const names = SERVICES.map((one) => one.name).join(", ");
  throw new UserError(`there is no service "${name}"; there are ${names}`);
}

/** The one service that a command must be given. */
export function requireService(name: string | undefined): Service {
  if (name === undefined) throw new UserError("say which service with --service NAME");
  return parseService(name);
}

/** The named service, or all of them. */
export function chooseServices(name: string | undefined): readonly Service[] {
  return name === undefined ? SERVICES : [parseService(name)];
}

/** Refuses a service that publishes nothing. */
export function requireOutbox(service: Service): void {
  if (!hasOutbox(service)) throw new UserError(`${service.name} has no outbox`);
}
