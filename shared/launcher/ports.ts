import { createServer } from "node:net";
import type { DevSettings, PortVariable } from "./settings.ts";

/** One sentence for each port that cannot be used, with the setting that changes it. */
export async function findTakenPorts({ ports, kafkaHost, host }: DevSettings): Promise<string[]> {
  const wanted = Object.entries(ports).filter(
    ([variable]) => variable !== "BROKER_PORT" || kafkaHost === undefined,
  ) as [PortVariable, number][];
  const problems = await Promise.all(
    wanted.map(async ([variable, port]) => {
      const code = await tryToListen(port, variable === "BROKER_PORT" ? undefined : host);
      if (code === undefined) return [];
      if (code === "EADDRINUSE") return [`port ${port} is in use: set ${variable} to another one`];
      if (code === "EACCES") {
        return [`port ${port} may not be used by this user: set ${variable} to one above 1023`];
      }
      return [`HOST=${host} is no address of this machine`];
    }),
  );
  return [...new Set(problems.flat())];
}

/** The system's code for why nothing can listen there. */
function tryToListen(port: number, host = "127.0.0.1"): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  server.listen(port, host, () => server.close(() => resolve(undefined)));
  return promise;
}
