export { type BrokerProcess, startBroker, startBrokerProcess, type TestBroker } from "./broker.ts";
export {
  type Certificate,
  type CertificateAuthority,
  createCertificateAuthority,
} from "./certificates.ts";
export { type CrashPoint, type CrashTest, crashTest } from "./crash-kit.ts";
export { crashAt, hangAt } from "./crash-points.ts";
export {
  type FaultProxy,
  type NetworkFault,
  type ProxyTarget,
  startFaultProxy,
} from "./fault-proxy.ts";
export { freePort } from "./free-port.ts";
export { flood, frameLength, type Impostor, startImpostor } from "./impostor.ts";
export { isRunning } from "./is-running.ts";
export { readTopic, resetTopics, type TopicRecord } from "./kafka-tools.ts";
export {
  type KillableBroker,
  type KillableBrokerOptions,
  killableBroker,
} from "./killable-broker.ts";
export { type NamedPipe, namedPipe } from "./named-pipe.ts";
export { pauseProcess } from "./pause-process.ts";
export { type ProcessOptions, startProcess, type TestProcess } from "./process.ts";
export {
  type MetricFamily,
  metricValue,
  parseMetrics,
  type Sample,
} from "./prometheus-text.ts";
export { exchangeRaw, parseAnswers, type RawAnswer } from "./raw-http.ts";
export { rejectionOf } from "./rejection-of.ts";
export { REPOSITORY } from "./repository.ts";
export { ADMIN, CLERK, type SecuredKafka, startSecuredKafka } from "./secured-kafka.ts";
export { type SettableClock, settableClock, whyNoSettableClock } from "./settable-clock.ts";
export { type SmallDisk, smallDisk, whyNoSmallDisk } from "./small-disk.ts";
export { publishBytes, spoilStored, wireBatch, wireRecord } from "./spoiled-topic.ts";
export { type TempDir, tempDir } from "./temp-dir.ts";
export { startTlsProxy, type TlsProxy } from "./tls-proxy.ts";
export {
  type ReceivedSpan,
  startTraceCollector,
  type TraceCollector,
} from "./trace-collector.ts";
export { uniqueName } from "./unique-name.ts";
export { type WaitOptions, waitFor } from "./wait-for.ts";
export {
  ATTRIBUTES,
  CODECS,
  encodeWireBatch,
  encodeWireRecord,
  HEADER_SIZE,
  packLz4,
  packSnappy,
  seal,
  sized,
  varint,
  type WireBatch,
  type WireRecord,
  wrapPacked,
  wrapRecords,
} from "./wire-batch.ts";
