/** A name that no other test, run or process uses, for topics and groups of a shared broker. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${Bun.randomUUIDv7().slice(-12)}`;
}
