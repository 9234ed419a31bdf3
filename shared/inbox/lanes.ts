/**
 * Runs tasks concurrently, those of one key one after another in the order in which they came.
 * At most `limit` tasks are taken in at once, waiting ones included, so memory stays bounded.
 */
export interface Lanes {
  /**
   * Gives true once there is room and the task is taken in, which is mostly at once; it may then still
   * wait for its key. Gives false, the task not taken in, when the signal aborts first.
   */
  enter(key: string, task: () => Promise<void>, signal: AbortSignal): boolean | Promise<boolean>;
  /** Resolves when no task is left. */
  idle(): Promise<void>;
  /** Tasks taken in and not ended. */
  readonly size: number;
}

type Task = () => Promise<void>;

/** Tasks must not reject; what they throw reaches `onDefect`, and the lane goes on. */
export function createLanes(limit: number, onDefect: (error: unknown) => void): Lanes {
  /** The keys that have a task running, with the tasks that wait for it. */
  const lanes = new Map<string, Task[] | undefined>();
  let size = 0;
  const waiting = new Set<() => void>();
  let empty = Promise.withResolvers<void>();
  empty.resolve();

  function start(key: string, task: Task): void {
    if (size === 0) empty = Promise.withResolvers<void>();
    size += 1;
    if (!lanes.has(key)) {
      lanes.set(key, undefined);
      void run(key, task);
      return;
    }
    const behind = lanes.get(key);
    if (behind === undefined) lanes.set(key, [task]);
    else behind.push(task);
  }

  async function run(key: string, first: Task): Promise<void> {
    for (let task: Task | undefined = first; task !== undefined; task = lanes.get(key)?.shift()) {
      try {
        await task();
      } catch (error) {
        onDefect(error);
      }
      size -= 1;
      for (const retry of waiting) retry();
    }
    lanes.delete(key);
    if (size === 0) empty.resolve();
  }

  /** Resolves when a task has ended, or the signal aborts. */
  function room(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const retry = () => {
        waiting.delete(retry);
        signal.removeEventListener("abort", retry);
        resolve();
      };
      waiting.add(retry);
      signal.addEventListener("abort", retry);
    });
  }

  function enter(key: string, task: Task, signal: AbortSignal): boolean | Promise<boolean> {
    if (signal.aborted) return false;
    if (size >= limit) return room(signal).then(() => enter(key, task, signal));
    start(key, task);
    return true;
  }

  return {
    enter,
    idle: () => empty.promise,
    get size() {
      return size;
    },
  };
}
