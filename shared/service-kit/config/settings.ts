import { readFileSync } from "node:fs";
import { type TSchema, Type } from "@sinclair/typebox";
import { DURATION_PATTERN } from "./duration.ts";

/**
 * What a setting's schema can say beyond JSON Schema: `expected` completes the sentence "NAME must
 * be …", and the value of a `secret` is never printed.
 */
export interface SettingNotes {
  expected?: string;
  secret?: boolean;
  /** Looks at a setting that has its form, beside the others. */
  check?: SettingCheck;
}

/**
 * What is wrong with a setting in view of the others (those that are wrong by themselves are
 * missing there) and of the files that it names; undefined when nothing is.
 */
export type SettingCheck = (
  value: unknown,
  others: Readonly<Record<string, unknown>>,
) => { expected: string; given: string } | undefined;

/** The notes that a setting's schema carries. */
export function notesOf(schema: TSchema): SettingNotes {
  return {
    ...(typeof schema.expected === "string" ? { expected: schema.expected } : {}),
    ...(schema.secret === true ? { secret: true } : {}),
    ...(typeof schema.check === "function" ? { check: schema.check as SettingCheck } : {}),
  };
}

/** What is wrong with a setting that names a file: that it cannot be read, or does not fit. */
export function readableFile(path: unknown, expected: string, fits: (text: string) => boolean) {
  const given = `it is ${JSON.stringify(path)}`;
  try {
    if (fits(readFileSync(String(path), "utf8"))) return undefined;
    return { expected, given: `${given}, which holds something else` };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { expected, given: `${given}: ${code ?? message}` };
  }
}

/** `PORT`; 0 lets the system choose a free one. */
export const portSetting = (defaultPort: number) =>
  Type.Integer({
    minimum: 0,
    maximum: 65_535,
    default: defaultPort,
    description: "The TCP port that the HTTP server listens on; 0 lets the system choose.",
  });

/** `HOST` */
export const hostSetting = Type.String({
  minLength: 1,
  default: "127.0.0.1",
  expected: "an address or a host name",
  description: "The address that the HTTP server listens on; 0.0.0.0 for every interface.",
});

/** `ALLOWED_HOSTS`; read it with {@link hostsOf}. */
export const allowedHostsSetting = Type.Optional(
  Type.String({
    pattern: "^[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*$",
    expected: "host names without ports, comma-separated",
    description:
      "The names that requests may have in Host, beside localhost and addresses. Unset, any name on other interfaces than loopback, and no further one on loopback.",
  }),
);

/** The names in an `ALLOWED_HOSTS` value. */
export function hostsOf(allowedHosts: string | undefined): string[] {
  return allowedHosts?.split(",") ?? [];
}

const PORT_NUMBER = "([1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
/** An IPv6 address stands in brackets, as in a URL. */
const HOST_AND_PORT = `(\\[[0-9a-fA-F:.]+(%\\w+)?\\]|[^\\s,:/[\\]]+):${PORT_NUMBER}`;

/** `KAFKA_HOST`: one or more brokers; read it with {@link brokersOf}. */
export const kafkaHostSetting = Type.String({
  pattern: `^${HOST_AND_PORT}(,${HOST_AND_PORT})*$`,
  default: "localhost:9092",
  expected: "host:port, comma-separated",
  description: "The Kafka brokers to start from, as host:port, comma-separated.",
});

/** The brokers in a `KAFKA_HOST` value. */
export function brokersOf(kafkaHost: string): string[] {
  return kafkaHost.split(",");
}

/** `DATABASE_PATH` */
export const databasePathSetting = (defaultPath: string) =>
  Type.String({
    minLength: 1,
    default: defaultPath,
    expected: "the path of a file",
    description: "The SQLite database of this service; created when it is missing.",
  });

/** `LOG_LEVEL` */
export const logLevelSetting = Type.Union(
  [Type.Literal("debug"), Type.Literal("info"), Type.Literal("warn"), Type.Literal("error")],
  { default: "info", description: "The least severe level that is logged." },
);

/** `LOG_FORMAT`; when it is unset, `createLogger` looks at whether it writes to a terminal. */
export const logFormatSetting = Type.Optional(
  Type.Union([Type.Literal("json"), Type.Literal("pretty")], {
    description: "How log lines look; pretty on a terminal and json elsewhere when it is unset.",
  }),
);

/** `OUTBOX_POLL_MS` */
export const outboxPollSetting = Type.Integer({
  minimum: 10,
  maximum: 3_600_000,
  default: 5_000,
  description: "How often the outbox is looked at without being woken, in milliseconds.",
});

/** `OUTBOX_BACKOFF_MAX_MS` */
export const outboxBackoffSetting = Type.Integer({
  minimum: 10,
  maximum: 600_000,
  default: 2_000,
  description:
    "The longest delay between attempts to publish while the broker takes nothing, in milliseconds.",
});

/** `RETRY_ATTEMPTS` */
export const retryAttemptsSetting = Type.Integer({
  minimum: 1,
  maximum: 10_000,
  default: 10,
  description: "How often an event whose failure may pass is tried in all, before it is parked.",
});

/** `RETRY_MAX_MS` */
export const retryMaxSetting = Type.Integer({
  minimum: 10,
  maximum: 86_400_000,
  default: 30_000,
  description: "The longest delay between attempts at an event whose failure may pass, in ms.",
});

const retentionSetting = (description: string) =>
  Type.Optional(
    Type.String({
      pattern: DURATION_PATTERN,
      expected: "a duration like 30d, 12h or 90m",
      description,
    }),
  );

/** `OUTBOX_RETENTION`; read it with `parseDuration`, like the other retentions. */
export const outboxRetentionSetting = retentionSetting(
  "How long published events stay in the outbox; for ever when it is unset: it is the audit trail.",
);

/** `INBOX_RETENTION` */
export const inboxRetentionSetting = retentionSetting(
  "How long the inbox knows an event; when it is unset, the topics' retention and a day. A shorter one is refused.",
);

/** `NOTIFICATION_RETENTION` */
export const notificationRetentionSetting = retentionSetting(
  "How long the notifications of finished orders are kept; for ever when it is unset.",
);
