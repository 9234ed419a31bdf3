import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { TOPICS } from "@order-outbox/contracts";
import {
  ADMIN,
  CLERK,
  type SecuredKafka,
  startSecuredKafka,
  tempDir,
  waitFor,
} from "@order-outbox/testing";
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  type Admin,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from "kafkajs";
import {
  auditSystem,
  outbox,
  resetServiceTopics,
  SERVICE_GROUPS,
  type System,
  startSystem,
} from "../mod.ts";
import { placeOrders, waitUntilSettled } from "./support.ts";

// SASL is not for the embedded broker: these tests start an Apache Kafka, by the script in REAL_KAFKA.
const script = process.env.REAL_KAFKA;
const kafka = script ? await startSecuredKafka(script) : undefined;
afterAll(() => kafka?.[Symbol.asyncDispose]());

function securedTest(name: string, body: (kafka: SecuredKafka) => Promise<void>): void {
  if (kafka === undefined) test.skip(`${name} (needs REAL_KAFKA)`, () => {});
  else test(name, () => body(kafka));
}

const passwordOf = ({ username, password }: typeof ADMIN, mechanism: string) => ({
  KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
  KAFKA_SASL_MECHANISM: mechanism,
  KAFKA_SASL_USERNAME: username,
  KAFKA_SASL_PASSWORD: password,
});

/** Sends orders through a system and counts, over the listener that asks for nothing. */
async function expectWorked(system: System, { plain }: SecuredKafka, orders = 20): Promise<void> {
  await placeOrders(system, orders);
  await waitUntilSettled(system, orders);
  const audit = await auditSystem({ kafkaHost: plain, dataDir: system.dataDir });
  expect(audit).toMatchObject({ orders, findings: [] });
}

// SCRAM-SHA-512 is what the listener with TLS asks for.
for (const mechanism of ["PLAIN", "SCRAM-SHA-256"]) {
  securedTest(`orders are worked with a password by ${mechanism}`, async (secured) => {
    await resetServiceTopics(secured.plain);
    const env = passwordOf(ADMIN, mechanism);
    await using system = await startSystem({ kafkaHost: secured.sasl, env });
    await expectWorked(system, secured);
  });
}

securedTest(
  "orders are worked over TLS, with a password or with a certificate",
  async (secured) => {
    const { ca, cert, key } = secured.files;
    for (const { kafkaHost, env } of [
      {
        kafkaHost: secured.saslTls,
        env: {
          ...passwordOf(ADMIN, "SCRAM-SHA-512"),
          KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
          KAFKA_SSL_CA_FILE: ca,
        },
      },
      {
        kafkaHost: secured.tls,
        env: {
          KAFKA_SECURITY_PROTOCOL: "SSL",
          KAFKA_SSL_CA_FILE: ca,
          KAFKA_SSL_CERT_FILE: cert,
          KAFKA_SSL_KEY_FILE: key,
        },
      },
    ]) {
      await resetServiceTopics(secured.plain);
      await using system = await startSystem({ kafkaHost, env });
      await expectWorked(system, secured);
    }
  },
);

securedTest(
  "with a wrong password orders wait, one line each says which setting, and a corrected file is enough",
  async (secured) => {
    await resetServiceTopics(secured.plain);
    using dir = tempDir();
    const passwordFile = dir.join("password");
    writeFileSync(passwordFile, "not-the-secret\n");
    const { KAFKA_SASL_PASSWORD: _, ...user } = passwordOf(ADMIN, "SCRAM-SHA-256");
    const env = { ...user, KAFKA_SASL_PASSWORD_FILE: passwordFile, LOG_LEVEL: "debug" };
    await using system = await startSystem({ kafkaHost: secured.sasl, env });
    await placeOrders(system, 5);
    const services = [system.order, system.payment, system.notification];
    const health = await waitFor(
      async () => {
        const found = (await (await fetch(`${system.order.url}/health`)).json()) as Health;
        return found.checks.outbox.failures >= 3 && found;
      },
      { what: "three attempts to publish" },
    );
    const sentence = "see KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD or KAFKA_SASL_PASSWORD_FILE";
    expect(health).toMatchObject({
      status: "ok",
      broker: "down",
      checks: {
        outbox: { lastError: expect.stringContaining(sentence) },
        inbox: { lastError: expect.stringContaining(sentence) },
      },
    });
    for (const { name, process } of services) {
      const lines = process.lines.filter((line) => line.includes(`"code":"BROKER_AUTH_FAILED"`));
      // The outbox's worker and the consumer, each once.
      expect([name, lines.length]).toEqual([name, name === "notification-service" ? 1 : 2]);
      expect(lines.every((line) => line.includes(sentence))).toBe(true);
    }

    writeFileSync(passwordFile, `${ADMIN.password}\n`);
    await waitUntilSettled(system, 5);
    const all = services.flatMap(({ process }) => process.lines).join("\n");
    expect(all).not.toContain("not-the-secret");
    expect(all).not.toContain(ADMIN.password);
  },
);

interface Health {
  status: string;
  broker: string;
  checks: {
    outbox: { failures: number; lastError: string | null };
    inbox: { lastError: string | null };
    retention: { inbox: { state: string } };
  };
}

securedTest(
  "a listener that is asked the wrong way is told from a wrong password",
  async (secured) => {
    using dir = tempDir();
    const { ca } = secured.files;
    for (const { kafkaHost, env, sentence } of [
      {
        kafkaHost: secured.saslTls,
        env: {
          ...passwordOf(ADMIN, "PLAIN"),
          KAFKA_SECURITY_PROTOCOL: "SASL_SSL",
          KAFKA_SSL_CA_FILE: ca,
        },
        sentence: "see KAFKA_SASL_MECHANISM",
      },
      {
        kafkaHost: secured.plain,
        env: passwordOf(ADMIN, "PLAIN"),
        sentence: "see KAFKA_SECURITY_PROTOCOL",
      },
      {
        kafkaHost: secured.sasl,
        env: { KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CA_FILE: ca },
        sentence: "see KAFKA_SECURITY_PROTOCOL",
      },
      { kafkaHost: secured.sasl, env: {}, sentence: "see KAFKA_SECURITY_PROTOCOL" },
      { kafkaHost: secured.tls, env: {}, sentence: "see KAFKA_SECURITY_PROTOCOL" },
      {
        kafkaHost: secured.tls,
        env: { KAFKA_SECURITY_PROTOCOL: "SSL", KAFKA_SSL_CA_FILE: ca },
        sentence: "see KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE",
      },
    ]) {
      const { err, out } = await outbox({ dataDir: dir.path, kafkaHost, env }, "topics");
      expect(out + err).toContain(sentence);
    }
  },
);

securedTest(
  "a service needs no more rights than docs/operations.md names, and topics that others create",
  async (secured) => {
    await resetServiceTopics(secured.plain);
    const admin = new Kafka({ brokers: [secured.plain], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: Object.values(TOPICS) });
    const env = { ...passwordOf(CLERK, "SCRAM-SHA-512"), KAFKA_CREATE_TOPICS: "false" };
    await grant(admin);

    await using system = await startSystem({ kafkaHost: secured.sasl, env });
    await placeOrders(system, 5);
    await system.order.process.waitForLine('\\"bun run outbox topics\\" creates them');
    const refused = await outbox(
      { dataDir: system.dataDir, kafkaHost: secured.sasl, env },
      "topics",
    );
    expect(refused).toMatchObject({ exitCode: 2, err: expect.stringContaining("refuses") });

    const allowed = passwordOf(ADMIN, "PLAIN");
    expect(
      await outbox({ dataDir: system.dataDir, kafkaHost: secured.sasl, env: allowed }, "topics"),
    ).toMatchObject({
      exitCode: 0,
      out: "order_created: created\npayment_processed: created\n",
    });
    await waitUntilSettled(system, 5);
    await system.payment.restart();
    await waitFor(
      async () => {
        const { checks } = (await (await fetch(`${system.payment.url}/health`)).json()) as Health;
        return checks.retention.inbox.state === "pruning";
      },
      { what: "the topics' retention to be told" },
    );
    await admin.disconnect();
  },
);

/** What docs/operations.md says that the services' user has to be granted. */
async function grant(admin: Admin): Promise<void> {
  const allow = (
    resourceType: AclResourceTypes,
    resourceName: string,
    operations: AclOperationTypes[],
  ) =>
    operations.map((operation) => ({
      resourceType,
      resourceName,
      operation,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: `User:${CLERK.username}`,
      host: "*",
      permissionType: AclPermissionTypes.ALLOW,
    }));
  const { READ, WRITE, DESCRIBE_CONFIGS } = AclOperationTypes;
  await admin.createAcls({
    acl: [
      ...Object.values(TOPICS).flatMap((topic) =>
        allow(AclResourceTypes.TOPIC, topic, [READ, WRITE, DESCRIBE_CONFIGS]),
      ),
      ...SERVICE_GROUPS.flatMap((group) => allow(AclResourceTypes.GROUP, group, [READ])),
    ],
  });
}
