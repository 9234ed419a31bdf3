import { expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.ts";

const TAKE_PORTS = `
  import { freePort } from ${JSON.stringify(fileURLToPath(new URL("free-port.ts", import.meta.url)))};
  const ports = [];
  for (let taken = 0; taken < 120; taken += 1) ports.push(await freePort());
  console.log(JSON.stringify(ports));
  await new Response(Bun.stdin).text();
`;

test("no two processes get the same port, though none of them listens yet", async () => {
  const processes = Array.from({ length: 3 }, () =>
    Bun.spawn([process.execPath, "-e", TAKE_PORTS], { stdin: "pipe", stdout: "pipe" }),
  );
  const lists = await Promise.all(
    processes.map(async (child) => {
      const { value } = await child.stdout.getReader().read();
      return JSON.parse(new TextDecoder().decode(value)) as number[];
    }),
  );
  for (const child of processes) child.stdin.end();
  await Promise.all(processes.map((child) => child.exited));

  const ports = lists.flat();
  expect(ports).toHaveLength(360);
  expect(new Set(ports).size).toBe(360);
});

test("a port that somebody listens on is not given", async () => {
  const first = await freePort();
  using taken = Bun.serve({ hostname: "127.0.0.1", port: first + 1, fetch: () => new Response() });
  expect(await freePort()).not.toBe(taken.port ?? 0);
});

test("ports are below those of outgoing connections", async () => {
  expect(await freePort()).toBeLessThan(32_768);
});
