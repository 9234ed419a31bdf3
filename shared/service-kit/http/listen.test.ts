import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { listen } from "./listen.ts";

const local = { host: "127.0.0.1", port: 0 };

test("stopping lets the request in flight finish and takes no new one", async () => {
  const arrived = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const listener = listen(
    {
      async fetch() {
        arrived.resolve();
        await finish.promise;
        return new Response("done");
      },
    },
    local,
  );
  const inFlight = fetch(listener.url).then((response) => response.text());
  await arrived.promise;
  const stopped = listener.stop();
  await expect(fetch(listener.url)).rejects.toThrow();
  finish.resolve();
  expect(await inFlight).toBe("done");
  await stopped;
});

test("a request that never ends is cut off when the grace is over", async () => {
  const arrived = Promise.withResolvers<void>();
  const listener = listen(
    {
      fetch() {
        arrived.resolve();
        return new Promise<Response>(() => {});
      },
    },
    { ...local, graceMs: 20 },
  );
  const inFlight = fetch(listener.url).then(
    () => "answered",
    () => "cut off",
  );
  await arrived.promise;
  await listener.stop();
  expect(await inFlight).toBe("cut off");
});

test("an idle connection that is kept alive does not delay stopping, and stopping twice is one", async () => {
  const listener = listen({ fetch: () => new Response("ok") }, { ...local, graceMs: 60_000 });
  await (await fetch(listener.url)).text();
  expect(listener.stop()).toBe(listener.stop());
  await listener.stop();
});

test("a port that is taken is named, with the setting to change", async () => {
  const first = listen({ fetch: () => new Response() }, local);
  const second = () => listen({ fetch: () => new Response() }, { ...local, port: first.port });
  expect(second).toThrow(
    new AppError(
      "CONFIG_INVALID",
      `Cannot listen on 127.0.0.1:${first.port}: port ${first.port} is in use. Stop the process that has it, or set PORT.`,
    ),
  );
  await first.stop();
  await second().stop();
});

test("a host that is not of this machine is named, too", () => {
  const options = { host: "no-such-host.invalid", port: 0 };
  expect(() => listen({ fetch: () => new Response() }, options)).toThrow("set HOST or PORT");
});
