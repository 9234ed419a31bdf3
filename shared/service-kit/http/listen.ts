import { isIP } from "node:net";
import { AppError } from "@order-outbox/errors";
import { problemResponse } from "./problem.ts";

/** Where {@link listen} listens, and how it stops. */
export interface ListenOptions {
  host: string;
  /** 0 lets the system choose. */
  port: number;
  /** How long {@link Listener.stop} waits for requests in flight, in milliseconds; 5,000. */
  graceMs?: number;
  /** Told of what the app threw, which the client is not. */
  onError?: (error: Error) => void;
}

/** A listening HTTP server. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  /**
   * Closes the port and the idle connections at once, lets requests in flight finish for `graceMs`,
   * then closes what is left. Every call returns the same promise.
   */
  stop(): Promise<void>;
}

/**
 * Serves `app` (anything with a `fetch` method, such as an Elysia instance) with `Bun.serve`.
 *
 * Not with `app.listen`, which shares its port silently with another process (`reusePort`), does not
 * await its stop handlers, and leaves large bodies to Bun, whose 413 is no problem+json.
 *
 * @throws AppError `CONFIG_INVALID` when it cannot listen there, naming the setting to change
 */
export function listen(
  app: { fetch(request: Request): Response | Promise<Response> },
  { host, port, graceMs = 5_000, onError }: ListenOptions,
): Listener {
  const server = bind(host, port, () =>
    Bun.serve({
      hostname: host,
      port,
      reusePort: false,
      idleTimeout: 30,
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      // Else what is thrown is answered with source lines and a stack.
      development: false,
      fetch: (request) => app.fetch(request),
      error(error) {
        onError?.(error);
        return problemResponse(new AppError("INTERNAL", "the app threw", { cause: error }));
      },
    }),
  );
  const boundPort = server.port ?? port;
  let stopped: Promise<void> | undefined;

  async function stopGracefully(): Promise<void> {
    const { promise: graceOver, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    await Promise.race([server.stop(), graceOver]);
    clearTimeout(timer);
    await server.stop(true);
  }

  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${boundPort}`,
    port: boundPort,
    stop() {
      stopped ??= stopGracefully();
      return stopped;
    },
  };
}

function bind<Server>(host: string, port: number, start: () => Server): Server {
  try {
    return start();
  } catch (cause) {
    throw new AppError("CONFIG_INVALID", explain(host, port, cause), { cause });
  }
}

// Bun reports EADDRINUSE for a host name that does not resolve, too.
function explain(host: string, port: number, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const place = `Cannot listen on ${host}:${port}`;
  if (code === "EADDRINUSE" && (isIP(host) || host === "localhost")) {
    return `${place}: port ${port} is in use. Stop the process that has it, or set PORT.`;
  }
  if (code === "EACCES") return `${place}: not allowed. Set PORT to one above 1023.`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return `${place}: ${reason} HOST must be an address of this machine; set HOST or PORT.`;
}
