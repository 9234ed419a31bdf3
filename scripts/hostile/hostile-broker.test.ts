import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { serviceNamed } from "@order-outbox/registry";
import { serviceProcess } from "@order-outbox/system";
import {
  flood,
  frameLength,
  freePort,
  startImpostor,
  tempDir,
  waitFor,
} from "@order-outbox/testing";

const MEMORY_MIB = 256;
const HUGE_BYTES = 2 ** 31 - 1;

function memory(pid: number): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(status, "utf8"))?.[1] ?? 0) / 1024;
}

describe.if(process.env.PROOF === "full")("an answer that is no broker", () => {
  for (const claimed of [-1, HUGE_BYTES]) {
    test(`orders are accepted although what answers at KAFKA_HOST claims ${claimed} bytes`, async () => {
      let answers = 0;
      using impostor = await startImpostor((socket) => {
        answers += 1;
        socket.write(frameLength(claimed));
        if (claimed === HUGE_BYTES) flood(socket, () => {});
      });
      using dir = tempDir();
      await using service = serviceProcess("order-service", {
        port: await freePort(),
        databasePath: `${dir.path}/${serviceNamed("order-service").database}`,
        kafkaHost: impostor.kafkaHost,
        env: { LOG_LEVEL: "error" },
      });
      await service.start();
      const { pid } = service.process;
      await waitFor(() => answers >= 10, { what: "some attempts" });
      const response = await fetch(`${service.url}/api/orders`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ customerId: "customer", amount: 10.5 }),
      });
      expect(response.status).toBe(201);
      const health = (await (await fetch(`${service.url}/health`)).json()) as { broker: string };
      expect([health.broker, service.process.pid]).toEqual(["down", pid]);
      expect(memory(pid)).toBeLessThan(MEMORY_MIB);
      expect(await service.stop()).toBe(0);
    });
  }
});
