import type { Mutant } from "../mutant.ts";

export const SERVICE: readonly Mutant[] = [
  {
    name: "a-failure-tells-its-reason",
    breaks: "A 500 shows nothing but its code.",
    file: "shared/service-kit/problem.ts",
    find: 'detail: status === 500 ? "The service failed; the failure was logged." : error.message,',
    put: "detail: error.message,",
    test: "shared/service-kit/problem.test.ts › an error of ours that answers with 500 shows nothing but its code",
  },
  {
    name: "a-step-that-fails-ends-the-shutdown",
    breaks: "A shutdown step that throws keeps no other from running.",
    file: "shared/service-kit/shutdown.ts",
    find: 'logger.error({ step: name, error }, "shutdown step failed");',
    put: `logger.error({ step: name, error }, "shutdown step failed");
        break;`,
    test: "shared/service-kit/shutdown.test.ts › a step that fails keeps no other from running",
  },
  {
    name: "part-of-a-token-is-enough",
    breaks: "The whole of the admin token is compared.",
    file: "shared/service-kit/admin-gate.ts",
    find: "return timingSafeEqual(hash(given), hash(token));",
    put: "return timingSafeEqual(hash(given.slice(0, 8)), hash(token.slice(0, 8)));",
    test: "shared/service-kit/admin-gate.test.ts › the whole of the token is compared",
  },
  {
    name: "more-than-a-token-is-taken",
    breaks: "The whole of the admin token is compared.",
    file: "shared/service-kit/admin-gate.ts",
    find: "return timingSafeEqual(hash(given), hash(token));",
    put: "return timingSafeEqual(hash(given.slice(0, token.length)), hash(token));",
    test: "shared/service-kit/admin-gate.test.ts › the whole of the token is compared",
  },
  {
    name: "a-child-does-not-look-for-its-parent",
    breaks: "When the start script is killed, the services end in order.",
    file: "shared/service-kit/shutdown.ts",
    find: "if (!process.env.ORDER_OUTBOX_PARENT_PIPE) return;",
    put: "if (process.env.ORDER_OUTBOX_PARENT_PIPE) return;",
    test: "scripts/dev/orphans.test.ts › when the start script is killed, all that it started ends in order",
  },
  {
    name: "a-password-is-shown",
    breaks: "No problem with settings shows a password.",
    file: "shared/service-kit/kafka-settings.ts",
    find: `given: \`it is set, and KAFKA_SECURITY_PROTOCOL is`,
    put: `given: \`it is \${value}, and KAFKA_SECURITY_PROTOCOL is`,
    test: "shared/service-kit/kafka-settings.test.ts › %s is refused, and no password is shown",
  },
  {
    name: "a-secret-is-shown",
    breaks: "The value of a secret is never shown.",
    file: "shared/service-kit/config.ts",
    find: `return notesOf(setting).secret ? "its value is not shown" : \`it is \${JSON.stringify(text)}\`;`,
    put: `return \`it is \${JSON.stringify(text)}\`;`,
    test: "shared/service-kit/config.test.ts › a secret that is too short is refused without being shown",
  },
];
