/** Runs work one after the other under each name. */
export interface Locks {
  hold<Result>(name: string, work: () => Promise<Result>): Promise<Result>;
  /** Under all these names, taken in this order. */
  holdAll<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result>;
}

export function createLocks(): Locks {
  const last = new Map<string, Promise<unknown>>();
  function hold<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const result = (last.get(name) ?? Promise.resolve()).then(work);
    last.set(
      name,
      result.catch(() => {}),
    );
    return result;
  }
  return {
    hold,
    holdAll: (names, work) => names.reduceRight((inner, name) => () => hold(name, inner), work)(),
  };
}
