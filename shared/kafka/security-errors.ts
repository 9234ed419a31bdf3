import { AppError } from "@order-outbox/errors";
import {
  KafkaJSConnectionError,
  KafkaJSSASLAuthenticationError,
  KafkaJSServerDoesNotSupportApiKey,
} from "kafkajs";
import { TLS_FILES_FAILED, TLS_HANDSHAKE_CUT } from "./security.ts";

/**
 * The error for a connection that a secured cluster refuses, or that is made to the wrong kind of
 * listener, with the settings to look at in its message; undefined for anything else. None of it
 * is final: credentials and certificates are replaced while services run.
 *
 * @param root what kafkajs threw, without what it was wrapped in
 */
export function securityError(root: unknown): AppError | undefined {
  if (root instanceof AppError) return root;
  if (root instanceof KafkaJSSASLAuthenticationError) return authFailed(root, CREDENTIALS);
  if (root instanceof KafkaJSServerDoesNotSupportApiKey && root.apiName === "SaslHandshake") {
    return authFailed(root, NO_SASL);
  }
  if (!(root instanceof KafkaJSConnectionError)) return undefined;
  const settings = "code" in root ? tlsSettings(String(root.code)) : undefined;
  return settings === undefined ? undefined : failed("BROKER_TLS_FAILED", root, settings);
}

/** What to say beside an outage that a wrong kind of listener looks like, too. */
export function hintOf(root: unknown): string {
  if (!(root instanceof KafkaJSConnectionError)) return "";
  const isNoKafka = "code" in root && root.code === NO_KAFKA_FRAME;
  return isNoKafka || root.name === "KafkaJSConnectionClosedError"
    ? " (if this stays: does that port ask for TLS or SASL? see KAFKA_SECURITY_PROTOCOL)"
    : "";
}

/** The patched kafkajs's code for an answer that is none. */
const NO_KAFKA_FRAME = "ERR_KAFKA_FRAME";
const NO_SASL = "KAFKA_SECURITY_PROTOCOL: that port asks for no SASL";
const CREDENTIALS = "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE";

/** The settings behind an error of a TLS connection, by its code; undefined when it is none. */
function tlsSettings(code: string): string | undefined {
  if (code === TLS_FILES_FAILED)
    return "KAFKA_SSL_CA_FILE, KAFKA_SSL_CERT_FILE, KAFKA_SSL_KEY_FILE";
  if (code === TLS_HANDSHAKE_CUT || code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    return "KAFKA_SECURITY_PROTOCOL: that port may speak no TLS";
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "KAFKA_HOST, and the names that the brokers advertise: the certificate has others";
  }
  if (/^(UNABLE_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA)/.test(code)) return "KAFKA_SSL_CA_FILE";
  return /^ERR_(SSL|TLS)_/.test(code) ? "KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE" : undefined;
}

const authFailed = (root: Error, settings: string) => failed("BROKER_AUTH_FAILED", root, settings);

const failed = (code: "BROKER_AUTH_FAILED" | "BROKER_TLS_FAILED", root: Error, settings: string) =>
  new AppError(code, `${root.message}; see ${settings}`, { cause: root });
