import { join } from "node:path";
import { REPOSITORY, startProcess } from "@order-outbox/testing";

/** The id of an order, and when something was seen of it: milliseconds since the epoch. */
export type Sighting = [orderId: string, at: number];

/** A process that looks at orders going by, and tells in the end when it saw each first. */
export interface Probe extends AsyncDisposable {
  /** Ends it. */
  sightings(): Promise<Map<string, number>>;
}

/** Starts a probe, one of the programs that use {@link serveProbe}, and waits until it looks. */
export async function startProbe(script: string, plan: object, file: string): Promise<Probe> {
  const command = [process.execPath, join(REPOSITORY, script), JSON.stringify({ ...plan, file })];
  const child = startProcess(command, { stdin: "pipe" });
  try {
    await child.waitForLine("looking", 30_000);
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
  return {
    async sightings() {
      child.closeStdin();
      const code = await child.exited;
      if (code !== 0) throw new Error(`${script} ended with ${code}: ${child.lines.join("\n")}`);
      return new Map((await Bun.file(file).json()) as Sighting[]);
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
