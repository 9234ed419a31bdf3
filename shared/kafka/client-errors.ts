import type { Fault } from "./protocol-errors.ts";

/**
 * Whose fault the errors of kafkajs are, by their classes. Those that carry a code of the protocol are
 * `protocol`: the code decides.
 */
export const CLIENT_ERRORS: Readonly<Record<string, Fault | "protocol">> = {
  KafkaJSError: "outage",
  // Also what the patch makes of an answer that is none.
  KafkaJSNonRetriableError: "outage",
  KafkaJSPartialMessageError: "outage",
  KafkaJSInvalidVarIntError: "outage",
  KafkaJSInvalidLongError: "outage",
  KafkaJSUnsupportedMagicByteInMessageSet: "outage",
  KafkaJSBrokerNotFound: "outage",
  KafkaJSConnectionError: "outage",
  KafkaJSConnectionClosedError: "outage",
  KafkaJSRequestTimeoutError: "outage",
  KafkaJSNoBrokerAvailableError: "outage",
  KafkaJSTimeout: "outage",
  KafkaJSLockTimeout: "outage",
  // Known by what it wraps, when it wraps anything.
  KafkaJSNumberOfRetriesExceeded: "outage",
  KafkaJSMetadataNotLoaded: "outage",
  KafkaJSTopicMetadataNotLoaded: "outage",
  KafkaJSStaleTopicMetadataAssignment: "outage",
  KafkaJSGroupCoordinatorNotFound: "outage",
  KafkaJSFetcherRebalanceError: "outage",
  // Those of one item each; who asks for many looks into them.
  KafkaJSDeleteGroupsError: "outage",
  KafkaJSDeleteTopicRecordsError: "outage",
  KafkaJSAggregateError: "outage",
  KafkaJSSASLAuthenticationError: "access",
  KafkaJSServerDoesNotSupportApiKey: "configuration",
  KafkaJSNotImplemented: "ours",
  KafkaJSInvariantViolation: "ours",
  KafkaJSProtocolError: "protocol",
  KafkaJSOffsetOutOfRange: "protocol",
  KafkaJSMemberIdRequired: "protocol",
  KafkaJSCreateTopicError: "protocol",
  KafkaJSAlterPartitionReassignmentsError: "protocol",
};
