export { databaseName, hasInbox, hasOutbox, type ServiceEntry } from "./service-entry.ts";
export { SERVICES, type Service, type ServiceName, serviceNamed } from "./services.ts";
