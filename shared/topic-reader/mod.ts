export {
  connectClient,
  connectKafka,
  fetchEnds,
  type TopicEnds,
  tellUnreachable,
  withAdmin,
} from "./broker.ts";
export { type OnRead, type OpenPartition, readRecords } from "./read-records.ts";
