import { readFileSync } from "node:fs";
import { connect as connectPlain, isIP, Socket } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";
import { AppError } from "@order-outbox/errors";
import type { ISocketFactory, KafkaConfig, SASLOptions } from "kafkajs";

/** How a client proves who it is. PLAIN sends the password as it is: it belongs inside TLS. */
export interface SaslSettings {
  mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";
  username: string;
  /** Exactly one of these two. The file is read anew whenever a connection authenticates. */
  password?: string;
  passwordFile?: string;
}

/** Paths of PEM files, which are read anew for every connection, so that they may be replaced. */
export interface TlsSettings {
  /** Who is trusted to vouch for brokers; the system's own authorities when it is left out. */
  caFile?: string;
  /** The certificate that a broker asks of its clients, and its key. */
  certFile?: string;
  keyFile?: string;
}

/** What a secured cluster asks of its clients. Plain data: it crosses threads. */
export interface KafkaSecurity {
  sasl?: SaslSettings;
  tls?: TlsSettings;
}

/** Told of every connection before anything goes through it, and when it has ended. */
export type ConnectionListener = (change: "opened" | "closed") => void;

/** Codes of our own, in the place of a TLS error's; see security-errors.ts. */
export const TLS_FILES_FAILED = "ERR_TLS_FILES_FAILED";
export const TLS_HANDSHAKE_CUT = "ERR_TLS_HANDSHAKE_CUT";

const KEEP_ALIVE_MS = 60_000;

/**
 * The part of kafkajs's configuration that security decides. Brokers' names are always verified.
 *
 * @param onConnection see {@link ConnectionListener}
 */
export function toKafkaJs(
  { sasl, tls }: KafkaSecurity,
  onConnection: ConnectionListener = () => {},
): Pick<KafkaConfig, "sasl" | "ssl"> & { socketFactory: ISocketFactory } {
  const connectTo = tls === undefined ? plainSockets : tlsSockets(tls);
  return {
    ...(sasl === undefined ? {} : { sasl: toSaslOptions(sasl) }),
    ...(tls === undefined ? {} : { ssl: true }),
    socketFactory: ({ onConnect, ...where }) => {
      const socket = connectTo({
        ...where,
        onConnect() {
          onConnection("opened");
          onConnect();
        },
      });
      return socket.once("close", () => onConnection("closed"));
    },
  };
}

function toSaslOptions({ mechanism, username, password, passwordFile }: SaslSettings): SASLOptions {
  return {
    mechanism: mechanism.toLowerCase() as Lowercase<SaslSettings["mechanism"]>,
    username,
    // kafkajs reads it whenever it authenticates.
    get password() {
      return password ?? readPassword(passwordFile ?? "");
    },
  };
}

/** The password in a file; one line break at its end is not part of it. */
function readPassword(path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const message = `KAFKA_SASL_PASSWORD_FILE cannot be read: ${messageOf(error)}`;
    throw new AppError("BROKER_AUTH_FAILED", message, { cause: error });
  }
}

const plainSockets: ISocketFactory = ({ host, port, onConnect }) =>
  connectPlain({ host, port }, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);

function tlsSockets(settings: TlsSettings): ISocketFactory {
  return function connectTls({ host, port, onConnect }) {
    try {
      return watchHandshake(
        connect({
          host,
          port,
          ...(isIP(host) === 0 ? { servername: host } : {}),
          ...readFiles(settings),
        }),
        onConnect,
      );
    } catch (error) {
      // kafkajs drops the code of what is thrown here, but not of what a socket emits.
      const socket = new Socket();
      process.nextTick(() => socket.destroy(withCode(error, TLS_FILES_FAILED)));
      return socket;
    }
  };
}

function watchHandshake(socket: ReturnType<typeof connect>, onConnect: () => void): Socket {
  let secure = false;
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.once("secureConnect", () => {
    secure = true;
    onConnect();
  });
  // Before kafkajs's own listener: a listener that speaks no TLS just hangs up.
  socket.on("error", (error) => {
    if (!secure && "code" in error && error.code === "ECONNRESET") {
      withCode(error, TLS_HANDSHAKE_CUT);
    }
  });
  return socket;
}

function readFiles({ caFile, certFile, keyFile }: TlsSettings): ConnectionOptions {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}

function withCode(error: unknown, code: string): Error {
  return Object.assign(error instanceof Error ? error : new Error(String(error)), { code });
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
