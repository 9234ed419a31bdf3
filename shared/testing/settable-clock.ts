import { renameSync, writeFileSync } from "node:fs";

/** The time of day of one process or more, to be set while they run. */
export interface SettableClock {
  /** What those processes are started with. */
  readonly env: Record<string, string>;
  /** Sets it to the true time and an offset, such as `-10m`, `+65m` or `+400d`. */
  set(offset: string): void;
}

const [LIBRARY] = new Bun.Glob("usr/lib/*/faketime/libfaketimeMT.so.1").scanSync("/");

/** Why clocks cannot be set here; undefined when they can. */
export const whyNoSettableClock = (): string | undefined =>
  LIBRARY === undefined ? "libfaketime is not there (Debian: faketime)" : undefined;

/**
 * A clock for processes that are started with its `env`, true at first. Only the time of day is set,
 * as on a machine: the monotonic clock runs on, and so do timers.
 *
 * @param path a file that tells them the offset
 */
export function settableClock(path: string): SettableClock {
  function set(offset: string): void {
    // Renamed into its place, because a process may read it at any moment.
    writeFileSync(`${path}.new`, `${offset}\n`);
    renameSync(`${path}.new`, path);
  }
  set("+0");
  return {
    set,
    env: {
      LD_PRELOAD: `/${LIBRARY}`,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      NO_FAKE_STAT: "1",
    },
  };
}
