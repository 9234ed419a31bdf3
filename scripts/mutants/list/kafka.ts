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
];
