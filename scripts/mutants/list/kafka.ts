import type { Mutant } from "../mutant.ts";

export const KAFKA: readonly Mutant[] = [
  {
    name: "the-password-is-read-once",
    breaks: "The password file is read again at each authentication.",
    file: "shared/kafka/security.ts",
    find: `get password() {
      return password ?? readPassword(passwordFile ?? "");
    },`,
    put: 'password: password ?? readPassword(passwordFile ?? ""),',
    test: "shared/kafka/security.test.ts › a password file is read again at each authentication",
  },
  {
    name: "topics-are-looked-at-once",
    breaks: "Partitions that are added are read within seconds, without a restart.",
    file: "shared/kafka/partition-ends.ts",
    find: "return setInterval(lookOnce, everyMs);",
    put: "return setInterval(() => {}, everyMs);",
    test: "shared/inbox/added-partitions.test.ts › partitions that are added are read without a restart, and lag is over all that exist",
  },
  {
    name: "lag-is-that-of-what-was-read",
    breaks: "Lag is over all partitions that exist.",
    file: "shared/inbox/lags.ts",
    find: "ends = new Map(all.map((one) => [nameOf(one), one]));",
    put: "ends = new Map(all.filter((one) => ends.has(nameOf(one))).map((one) => [nameOf(one), one]));",
    test: "shared/inbox/added-partitions.test.ts › partitions that are added are read without a restart, and lag is over all that exist",
  },
  {
    name: "too-few-replicas-are-the-records-fault",
    breaks: "Too few replicas are the broker's trouble, and no record's.",
    file: "shared/kafka/broker-errors.ts",
    find: '10: "MESSAGE_TOO_LARGE",',
    put: `10: "MESSAGE_TOO_LARGE",
  19: "NOT_ENOUGH_REPLICAS",`,
    test: "shared/kafka/publisher.test.ts › a partition with … is not ready, which no record is blamed for; the others are written once",
  },
];
