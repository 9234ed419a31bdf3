import { createServer } from "node:net";
import type { DevSettings, PortVariable } from "./settings.ts";

/** One sentence for each port that is taken, with the setting that changes it. */
export async function findTakenPorts({ ports, kafkaHost, host }: DevSettings): Promise<string[]> {
  const wanted = Object.entries(ports).filter(
    ([variable]) => variable !== "BROKER_PORT" || kafkaHost === undefined,
  ) as [PortVariable, number][];
  const taken = await Promise.all(
    wanted.map(async ([variable, port]) => {
      const problem = await tryToListen(port, variable === "BROKER_PORT" ? undefined : host);
      return problem ? [`port ${port} ${problem}: set ${variable} to another one`] : [];
    }),
  );
  return taken.flat();
}

function tryToListen(port: number, host = "127.0.0.1"): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) => {
    resolve(error.code === "EADDRINUSE" ? "is in use" : `cannot be used (${error.code})`);
  });
  server.listen(port, host, () => server.close(() => resolve(undefined)));
  return promise;
}
