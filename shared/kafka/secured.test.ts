import { expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { type DevBroker, startDevBroker } from "@order-outbox/dev-broker";
import {
  type Certificate,
  createCertificateAuthority,
  rejectionOf,
  startTlsProxy,
  tempDir,
  waitFor,
} from "@order-outbox/testing";
import { type KafkaSecurity, partitionCounts } from "./mod.ts";
import { publish, testClient, testConsumer } from "./test-kafka.ts";

const authority = createCertificateAuthority("the authority of this test");
const stranger = createCertificateAuthority("an authority that nobody trusts");
const server = authority.issue("broker", ["localhost", "127.0.0.1"]);

/** The embedded broker behind TLS; `address` is what it advertises. */
async function openSecured(certificate: Certificate = server, clientAuthority?: Certificate) {
  await using opened = new AsyncDisposableStack();
  const proxy = opened.use(await startTlsProxy(certificate, clientAuthority));
  const broker = opened.use(await startBrokerBehind(proxy.port));
  proxy.forwardTo(broker.port);
  const files = opened.use(tempDir());
  const all = opened.move();
  return {
    address: `127.0.0.1:${proxy.port}`,
    proxy,
    broker,
    file(name: string, text: string): string {
      writeFileSync(files.join(name), text);
      return files.join(name);
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

const startBrokerBehind = (port: number): Promise<DevBroker> =>
  startDevBroker({ topics: { secured: 1 }, advertise: { host: "127.0.0.1", port } });

/** How an attempt to ask the broker something ends. */
async function attempt(address: string, security: KafkaSecurity): Promise<unknown> {
  const client = testClient(address, { security });
  return partitionCounts(client, ["secured"]).catch((error: unknown) => error);
}

test.concurrent("records are written and read over TLS, by address and by name", async () => {
  await using secured = await openSecured();
  const caFile = secured.file("ca.pem", authority.cert);
  const [, port] = secured.address.split(":");
  for (const host of ["127.0.0.1", "localhost"]) {
    const client = testClient(`${host}:${port}`, { security: { tls: { caFile } } });
    await publish(client, "secured", 0, [host]);
  }
  const client = testClient(secured.address, { security: { tls: { caFile } } });
  await using consumer = testConsumer(client, "secured", 1);
  consumer.start();
  await waitFor(() => consumer.values().length === 2, { what: "both records" });
  expect(consumer.values()).toEqual(["127.0.0.1", "localhost"]);
});

test.concurrent("a broker that asks for a certificate gets the client's", async () => {
  await using secured = await openSecured(server, authority);
  const caFile = secured.file("ca.pem", authority.cert);
  const own = authority.issue("a client");
  const certFile = secured.file("client.pem", own.cert);
  const keyFile = secured.file("client.key", own.key);
  const known = { caFile, certFile, keyFile };
  expect(await attempt(secured.address, { tls: known })).toEqual(new Map([["secured", 1]]));
  expect(await attempt(secured.address, { tls: { caFile } })).toMatchObject({
    code: "BROKER_TLS_FAILED",
    message: expect.stringContaining("see KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE"),
  });
});

test.concurrent.each([
  ["of an unknown authority", stranger.issue("broker", ["127.0.0.1"]), "KAFKA_SSL_CA_FILE"],
  ["for another name", authority.issue("broker", ["elsewhere.example"]), "KAFKA_HOST"],
])("a certificate %s is refused, with the setting to look at", async (_what, certificate, name) => {
  await using secured = await openSecured(certificate);
  const caFile = secured.file("ca.pem", authority.cert);
  expect(await attempt(secured.address, { tls: { caFile } })).toMatchObject({
    code: "BROKER_TLS_FAILED",
    retryable: true,
    message: expect.stringContaining(`see ${name}`),
  });
});

test.concurrent("TLS to a port that speaks none, and none to one that does, point to the protocol", async () => {
  await using secured = await openSecured();
  const caFile = secured.file("ca.pem", authority.cert);
  expect(await attempt(`127.0.0.1:${secured.broker.port}`, { tls: { caFile } })).toMatchObject({
    code: "BROKER_TLS_FAILED",
    message: expect.stringContaining("see KAFKA_SECURITY_PROTOCOL"),
  });
  expect(await attempt(secured.address, {})).toMatchObject({
    code: "BROKER_UNAVAILABLE",
    message: expect.stringContaining("see KAFKA_SECURITY_PROTOCOL"),
  });
});

test.concurrent("a file that is missing for a while is read when it is there again", async () => {
  await using secured = await openSecured();
  const caFile = secured.file("ca.pem", authority.cert);
  const client = testClient(secured.address, { security: { tls: { caFile } } });
  rmSync(caFile);
  expect(await rejectionOf(partitionCounts(client, ["secured"]))).toMatchObject({
    code: "BROKER_TLS_FAILED",
    message: expect.stringContaining("ca.pem"),
  });
  secured.file("ca.pem", authority.cert);
  expect(await partitionCounts(client, ["secured"])).toEqual(new Map([["secured", 1]]));
});

test.concurrent("a consumer says once why it is not let in, and goes on when it is", async () => {
  await using secured = await openSecured();
  const caFile = secured.file("ca.pem", stranger.cert);
  const client = testClient(secured.address, { security: { tls: { caFile } } });
  await using consumer = testConsumer(client, "secured", 1, {
    retryDelayMs: { outage: 60_000, occupied: 20 },
  });
  let attempts = 0;
  secured.proxy.onConnection(() => {
    attempts += 1;
  });
  consumer.start();
  await waitFor(() => attempts >= 6, { what: "three attempts of two connections" });
  expect(consumer.status()).toMatchObject({ state: "down" });
  expect(client.lines).toEqual([
    {
      level: "warn",
      fields: expect.objectContaining({ code: "BROKER_TLS_FAILED" }),
      message: expect.stringContaining("see KAFKA_SSL_CA_FILE"),
    },
  ]);
  secured.file("ca.pem", authority.cert);
  await consumer.joined();
});

test.concurrent("a password for a broker that asks for none points to the protocol", async () => {
  await using secured = await openSecured();
  const sasl = { mechanism: "PLAIN", username: "alice", password: "secret" } as const;
  expect(await attempt(`127.0.0.1:${secured.broker.port}`, { sasl })).toMatchObject({
    code: "BROKER_AUTH_FAILED",
    message: expect.stringContaining("see KAFKA_SECURITY_PROTOCOL"),
  });
});
