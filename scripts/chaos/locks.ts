/** Runs work one after the other under each name. */
export interface Locks {
  hold<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  return {
    hold(name, work) {
      const result = (last.get(name) ?? Promise.resolve()).then(work);
      last.set(
        name,
        result.catch(() => {}),
      );
      return result;
    },
  };
}
