import { writeFileSync } from "node:fs";
import { createCertificateAuthority } from "./certificates.ts";
import { freePort } from "./free-port.ts";
import { startProcess } from "./process.ts";
import { tempDir } from "./temp-dir.ts";

/** The listeners of {@link startSecuredKafka}, each with what it asks for. */
export interface SecuredKafka extends AsyncDisposable {
  /** Asks for nothing: for those who set the cluster up and count what came of it. */
  readonly plain: string;
  /** A password, by PLAIN or SCRAM. */
  readonly sasl: string;
  /** TLS and a password, by SCRAM-SHA-512 alone. */
  readonly saslTls: string;
  /** TLS with a certificate of the client's. */
  readonly tls: string;
  /** Paths of what clients need for TLS. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Users of that cluster; `clerk` has no rights until somebody grants some. */
export const ADMIN = { username: "admin", password: "correct-horse" };
export const CLERK = { username: "clerk", password: "battery-staple" };

/**
 * Starts an Apache Kafka with a listener for each way of being let in, by the script in `REAL_KAFKA`
 * (see `killableBroker`; it reads EXTRA_PROPERTIES and FORMAT_ARGS), with an authority of its own.
 */
export async function startSecuredKafka(script: string): Promise<SecuredKafka> {
  await using opened = new AsyncDisposableStack();
  const dir = opened.use(tempDir());
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [plain, sasl, saslTls, tls] = ports.map((port) => `127.0.0.1:${port}`) as [
    string,
    string,
    string,
    string,
  ];
  const authority = createCertificateAuthority("secured Kafka");
  const broker = authority.issue("broker", ["127.0.0.1", "localhost"]);
  const client = authority.issue("shop");
  const write = (name: string, text: string) => {
    writeFileSync(dir.join(name), text);
    return dir.join(name);
  };
  const listeners = `PLAINTEXT://${plain},SASL_PLAINTEXT://${sasl},SASL_SSL://${saslTls},SSL://${tls}`;
  const properties = write(
    "extra.properties",
    [
      `listeners=${listeners},CONTROLLER://127.0.0.1:${ports[0] + 10_000}`,
      `advertised.listeners=${listeners}`,
      "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name=PLAINTEXT",
      "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users=User:ANONYMOUS;User:admin;User:CN=shop",
      "listener.name.sasl_plaintext.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
      "listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512",
      `listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_${ADMIN.username}="${ADMIN.password}" user_${CLERK.username}="${CLERK.password}";`,
      ...[
        "sasl_plaintext.scram-sha-256",
        "sasl_plaintext.scram-sha-512",
        "sasl_ssl.scram-sha-512",
      ].map(
        (name) =>
          `listener.name.${name}.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;`,
      ),
      "ssl.keystore.type=PEM",
      `ssl.keystore.certificate.chain=${oneLine(broker.cert)}`,
      `ssl.keystore.key=${oneLine(broker.key)}`,
      "ssl.truststore.type=PEM",
      `ssl.truststore.certificates=${oneLine(authority.cert)}`,
      "listener.name.ssl.ssl.client.auth=required",
      "",
    ].join("\n"),
  );
  const run = async (command: string, env: Record<string, string> = {}) => {
    const child = startProcess([script, command, String(ports[0])], { env });
    const code = await child.exited;
    if (code !== 0) throw new Error(`${script} ${command}: ${code}\n${child.lines.join("\n")}`);
  };
  opened.defer(() => run("wipe"));
  await run("start", { EXTRA_PROPERTIES: properties, FORMAT_ARGS: scramUsers() });
  const all = opened.move();
  return {
    plain,
    sasl,
    saslTls,
    tls,
    files: {
      ca: write("ca.pem", authority.cert),
      cert: write("shop.pem", client.cert),
      key: write("shop.key", client.key),
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** SCRAM's users are part of a cluster's first metadata. */
const scramUsers = (): string =>
  ["SCRAM-SHA-256", "SCRAM-SHA-512"]
    .flatMap((mechanism) =>
      [ADMIN, CLERK].map(
        ({ username, password }) =>
          `--add-scram ${mechanism}=[name=${username},password=${password}]`,
      ),
    )
    .join(" ");

/** A PEM text as the value of a Java property. */
const oneLine = (pem: string): string => pem.trim().replaceAll("\n", "\\n");
