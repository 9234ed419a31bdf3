import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Static, type TSchema, Type } from "@sinclair/typebox";
import { brokersOf, kafkaHostSetting, readableFile, type SettingCheck } from "./settings.ts";

const oneOf = <const Values extends readonly string[]>(...values: Values) =>
  values.map((value) => Type.Literal(value as Values[number]));

const setting = <Schema extends TSchema>(schema: Schema, check: SettingCheck) =>
  Type.Optional({ ...schema, check });

/** Refuses a setting where it has no effect, which somebody must have expected. */
const onlyWith =
  (part: "SASL" | "SSL", check: SettingCheck): SettingCheck =>
  (value, others) => {
    const { KAFKA_SECURITY_PROTOCOL: protocol } = others;
    if (protocol === undefined) return undefined;
    if (String(protocol).includes(part)) return check(value, others);
    if (value === undefined) return undefined;
    const protocols = part === "SASL" ? "SASL_SSL or SASL_PLAINTEXT" : "SSL or SASL_SSL";
    return {
      expected: `left out unless KAFKA_SECURITY_PROTOCOL is ${protocols}`,
      given: `it is set, and KAFKA_SECURITY_PROTOCOL is ${protocol}`,
    };
  };

const requiredForSasl = onlyWith("SASL", (value, { KAFKA_SECURITY_PROTOCOL: protocol }) =>
  value === undefined
    ? { expected: `set when KAFKA_SECURITY_PROTOCOL is ${protocol}`, given: "it is not set" }
    : undefined,
);

const passwordGiven = onlyWith("SASL", (value, { KAFKA_SASL_PASSWORD_FILE: file }) =>
  value === undefined && file === undefined
    ? { expected: "set, or KAFKA_SASL_PASSWORD_FILE", given: "neither is set" }
    : undefined,
);

const passwordFile = onlyWith("SASL", (value, { KAFKA_SASL_PASSWORD: password }) => {
  if (value === undefined) return undefined;
  return password === undefined
    ? readableFile(value, "a file that holds the password", (text) => text.trim() !== "")
    : {
        expected: "left out when KAFKA_SASL_PASSWORD is set",
        given: "the password is in both places",
      };
});

const certificates = "a PEM file of certificates";

const authorityFile = onlyWith("SSL", (value) =>
  value === undefined ? undefined : readableFile(value, certificates, isCertificate),
);

const certificateFile = onlyWith("SSL", (value, { KAFKA_SSL_KEY_FILE: key }) => {
  if (value !== undefined) return readableFile(value, certificates, isCertificate);
  return key === undefined ? undefined : missingBeside("KAFKA_SSL_KEY_FILE");
});

const keyFile = onlyWith("SSL", (value, { KAFKA_SSL_CERT_FILE: certificate }) => {
  if (value === undefined) {
    return certificate === undefined ? undefined : missingBeside("KAFKA_SSL_CERT_FILE");
  }
  const expected = "a PEM file of the certificate's private key, without a passphrase";
  return readableFile(value, expected, (key) => belongs(key, certificate));
});

const file = (description: string) =>
  Type.String({ minLength: 1, expected: "the path of a file", description });

/** The settings of the connection to Kafka, for the schema of every service. */
export const kafkaSettings = {
  KAFKA_HOST: kafkaHostSetting,
  KAFKA_SECURITY_PROTOCOL: Type.Union(oneOf("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"), {
    default: "PLAINTEXT",
    description: "What the brokers' port asks for: TLS (SSL), a password (SASL), both or nothing.",
  }),
  KAFKA_SASL_MECHANISM: setting(
    Type.Union(oneOf("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"), {
      description: "How the password is proven; PLAIN sends it, so use SASL_SSL with that.",
    }),
    requiredForSasl,
  ),
  KAFKA_SASL_USERNAME: setting(
    Type.String({ minLength: 1, description: "The user that this service is to the cluster." }),
    requiredForSasl,
  ),
  KAFKA_SASL_PASSWORD: setting(
    Type.String({ minLength: 1, secret: true, description: "The password of that user." }),
    passwordGiven,
  ),
  KAFKA_SASL_PASSWORD_FILE: setting(
    file("A file that holds the password instead; read anew when a connection authenticates."),
    passwordFile,
  ),
  KAFKA_SSL_CA_FILE: setting(
    file("PEM certificates of who may vouch for the brokers; the system's own when it is unset."),
    authorityFile,
  ),
  KAFKA_SSL_CERT_FILE: setting(
    file("The PEM certificate that the brokers ask of clients; read anew for each connection."),
    certificateFile,
  ),
  KAFKA_SSL_KEY_FILE: setting(file("The private key of that certificate, PEM."), keyFile),
  KAFKA_CREATE_TOPICS: Type.Boolean({
    default: true,
    description:
      "Whether missing topics are created; where that is forbidden, see `bun run outbox topics`.",
  }),
};

/** The settings of {@link kafkaSettings} alone, for commands. */
export const KafkaConfig = Type.Object(kafkaSettings);

/** How the cluster is reached; `createKafkaClient` takes it. The files are not read here. */
export function kafkaConnectionOf(config: Static<typeof KafkaConfig>) {
  const protocol = config.KAFKA_SECURITY_PROTOCOL;
  const security = {
    ...(protocol.startsWith("SASL_") ? { sasl: saslOf(config) } : {}),
    ...(protocol.endsWith("SSL") ? { tls: tlsOf(config) } : {}),
  };
  return {
    brokers: brokersOf(config.KAFKA_HOST),
    createTopics: config.KAFKA_CREATE_TOPICS,
    security,
  };
}

function saslOf(config: Static<typeof KafkaConfig>) {
  const { KAFKA_SASL_PASSWORD: password, KAFKA_SASL_PASSWORD_FILE: passwordPath } = config;
  return {
    mechanism: config.KAFKA_SASL_MECHANISM ?? "PLAIN",
    username: config.KAFKA_SASL_USERNAME ?? "",
    ...(password === undefined ? {} : { password }),
    ...(passwordPath === undefined ? {} : { passwordFile: passwordPath }),
  };
}

function tlsOf(config: Static<typeof KafkaConfig>) {
  const { KAFKA_SSL_CA_FILE: ca, KAFKA_SSL_CERT_FILE: cert, KAFKA_SSL_KEY_FILE: key } = config;
  return {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  };
}

const missingBeside = (other: string) => ({
  expected: `set together with ${other}`,
  given: "it is not set",
});

function isCertificate(pem: string): boolean {
  return parsed(() => new X509Certificate(pem)) !== undefined;
}

function belongs(key: string, certificatePath: unknown): boolean {
  const privateKey = parsed(() => createPrivateKey(key));
  if (privateKey === undefined) return false;
  const certificate = parsed(() => new X509Certificate(readFileSync(String(certificatePath))));
  return certificate?.checkPrivateKey(privateKey) ?? true;
}

function parsed<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
