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
];
