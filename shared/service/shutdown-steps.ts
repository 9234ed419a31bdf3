import type { ShutdownStep } from "@order-outbox/service-kit";
import type { Running } from "./running.ts";

/**
 * How a service ends once it accepts no request any more: first nothing comes in, then what is here
 * is committed, then the relay has published it or leaves it for the next start, then files close.
 */
export function shutdownSteps(running: Running): ShutdownStep[] {
  const { database, outside, storage, pruning, inbox, worker } = running;
  return [
    ...stepOf("stop consuming", inbox?.stop),
    { name: "stop pruning", run: pruning.stop },
    { name: "stop watching the storage", run: storage.stop },
    { name: "commit what is waiting", run: database.finish },
    ...stepOf("stop the relay", worker?.stop),
    ...outside.map(({ file, close }) => ({ name: `close the ${file}`, run: close })),
    { name: "close the database", run: database.close },
  ];
}

function stepOf(name: string, run: ShutdownStep["run"] | undefined): ShutdownStep[] {
  return run === undefined ? [] : [{ name, run }];
}
