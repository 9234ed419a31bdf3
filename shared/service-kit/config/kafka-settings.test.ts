import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { isAppError } from "@order-outbox/errors";
import { createCertificateAuthority, tempDir } from "@order-outbox/testing";
import { loadConfig } from "./config.ts";
import { KafkaConfig, kafkaConnectionOf } from "./kafka-settings.ts";

const load = (env: Record<string, string>) => loadConfig(KafkaConfig, env, { service: "service" });

function problemsOf(env: Record<string, string>): string[] {
  try {
    load(env);
  } catch (error) {
    if (isAppError(error, "CONFIG_INVALID")) {
      return error.message
        .split("\n")
        .slice(1)
        .map((line) => line.trim());
    }
    throw error;
  }
  return [];
}

const sasl = {
  KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
  KAFKA_SASL_MECHANISM: "SCRAM-SHA-512",
  KAFKA_SASL_USERNAME: "alice",
};

test("without any setting the cluster asks for nothing, and topics are created", () => {
  expect(kafkaConnectionOf(load({}))).toEqual({
    brokers: ["localhost:9092"],
    createTopics: true,
    security: {},
  });
});

test("a secured connection is plain data with the paths of its files", () => {
  using dir = tempDir();
  const authority = createCertificateAuthority("authority");
  const client = authority.issue("client");
  for (const [name, text] of [
    ["ca.pem", authority.cert],
    ["client.pem", client.cert],
    ["client.key", client.key],
    ["password", "secret\n"],
  ] as const) {
    writeFileSync(dir.join(name), text);
  }
  const config = load({
    ...sasl,
    KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
    KAFKA_SASL_PASSWORD_FILE: dir.join("password"),
    KAFKA_SSL_CA_FILE: dir.join("ca.pem"),
    KAFKA_SSL_CERT_FILE: dir.join("client.pem"),
    KAFKA_SSL_KEY_FILE: dir.join("client.key"),
    KAFKA_CREATE_TOPICS: "false",
  });
  const connection = kafkaConnectionOf(config);
  expect(connection).toEqual({
    brokers: ["localhost:9092"],
    createTopics: false,
    security: {
      sasl: {
        mechanism: "SCRAM-SHA-512",
        username: "alice",
        passwordFile: dir.join("password"),
      },
      tls: {
        caFile: dir.join("ca.pem"),
        certFile: dir.join("client.pem"),
        keyFile: dir.join("client.key"),
      },
    },
  });
  expect(structuredClone(connection)).toEqual(connection);
});

test("all that is missing or contradicting is named at once", () => {
  expect(
    problemsOf({
      KAFKA_HOST: "nowhere",
      KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
      KAFKA_SASL_MECHANISM: "PLAIN",
      KAFKA_SASL_PASSWORD: "open sesame",
      KAFKA_SASL_PASSWORD_FILE: "/nowhere/password",
      KAFKA_SSL_CA_FILE: "/nowhere/ca.pem",
      KAFKA_SSL_CERT_FILE: import.meta.path,
    }),
  ).toEqual([
    'KAFKA_HOST must be host:port, comma-separated; it is "nowhere"',
    "KAFKA_SASL_USERNAME must be set when KAFKA_SECURITY_PROTOCOL is SASL_SSL; it is not set",
    "KAFKA_SASL_PASSWORD_FILE must be left out when KAFKA_SASL_PASSWORD is set; the password is in both places",
    'KAFKA_SSL_CA_FILE must be a PEM file of certificates; it is "/nowhere/ca.pem": ENOENT',
    `KAFKA_SSL_CERT_FILE must be a PEM file of certificates; it is ${JSON.stringify(import.meta.path)}, which holds something else`,
    "KAFKA_SSL_KEY_FILE must be set together with KAFKA_SSL_CERT_FILE; it is not set",
  ]);
});

test.each([
  ["no password", sasl, ["KAFKA_SASL_PASSWORD must be set, or KAFKA_SASL_PASSWORD_FILE; neither"]],
  [
    "a user without SASL",
    { KAFKA_SASL_USERNAME: "alice", KAFKA_SASL_PASSWORD: "hidden" },
    ["KAFKA_SASL_USERNAME must be left out unless", "KAFKA_SASL_PASSWORD must be left out unless"],
  ],
  [
    "an authority without TLS",
    { ...sasl, KAFKA_SASL_PASSWORD: "hidden", KAFKA_SSL_CA_FILE: "/nowhere" },
    ["KAFKA_SSL_CA_FILE must be left out unless KAFKA_SECURITY_PROTOCOL is SSL or SASL_SSL"],
  ],
  [
    "an unknown protocol, which says nothing about the rest",
    { KAFKA_SECURITY_PROTOCOL: "TLS", KAFKA_SASL_USERNAME: "alice" },
    ["KAFKA_SECURITY_PROTOCOL must be PLAINTEXT or SSL or SASL_PLAINTEXT or SASL_SSL; it is"],
  ],
  [
    "an unknown mechanism",
    { ...sasl, KAFKA_SASL_PASSWORD: "hidden", KAFKA_SASL_MECHANISM: "GSSAPI" },
    ["KAFKA_SASL_MECHANISM must be PLAIN or SCRAM-SHA-256 or SCRAM-SHA-512; it is"],
  ],
  ["an empty password", { ...sasl, KAFKA_SASL_PASSWORD: "" }, ["KAFKA_SASL_PASSWORD must be"]],
] as [string, Record<string, string>, string[]][])(
  "%s is refused, and no password is shown",
  (_what, env, sentences) => {
    const problems = problemsOf(env);
    expect(problems).toHaveLength(sentences.length);
    sentences.forEach((sentence, i) => {
      expect(problems[i]).toStartWith(sentence);
    });
    expect(problems.join()).not.toContain("hidden");
  },
);

test("a key that is another certificate's is refused at the start", () => {
  using dir = tempDir();
  const authority = createCertificateAuthority("authority");
  const [own, other] = [authority.issue("client"), authority.issue("other")];
  writeFileSync(dir.join("client.pem"), own.cert);
  writeFileSync(dir.join("other.key"), other.key);
  const [problem] = problemsOf({
    KAFKA_SECURITY_PROTOCOL: "SSL",
    KAFKA_SSL_CERT_FILE: dir.join("client.pem"),
    KAFKA_SSL_KEY_FILE: dir.join("other.key"),
  });
  expect(problem).toStartWith("KAFKA_SSL_KEY_FILE must be a PEM file of the certificate's private");
});
