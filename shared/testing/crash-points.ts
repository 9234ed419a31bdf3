import { join } from "node:path";
import { REPOSITORY } from "./repository.ts";

/**
 * The environment that makes a service process kill itself (SIGKILL) when it does `step` of the
 * diagnostics channel for the `count`-th time: right after the step, and before anything else.
 */
export function crashAt(channel: string, step: string, count = 1): Record<string, string> {
  const preload = join(REPOSITORY, "shared/testing/crash-point-preload.ts");
  return {
    BUN_OPTIONS: `--preload=${preload}`,
    CRASH_AT: `${channel}:${step}`,
    CRASH_COUNT: String(count),
  };
}

/** Like {@link crashAt}, but the thread that does the step hangs in it for ever. */
export function hangAt(channel: string, step: string, count = 1): Record<string, string> {
  return { ...crashAt(channel, step, count), CRASH_MODE: "hang" };
}
