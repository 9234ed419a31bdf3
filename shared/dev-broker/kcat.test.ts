import { afterAll, beforeAll, expect, test } from "bun:test";
import { type DevBroker, startDevBroker } from "./mod.ts";

const kcat = Bun.which("kcat");
if (kcat === null) console.log("kcat is not installed: its tests are left out");
const kcatTest = kcat === null ? test.skip : test.concurrent;

let broker: DevBroker;

beforeAll(async () => {
  broker = await startDevBroker({ topics: { plain: 1, packed: 1, once: 1, grouped: 2 } });
});

afterAll(() => broker.close());

async function run(args: readonly string[], input = ""): Promise<string[]> {
  const child = Bun.spawn([kcat ?? "", "-b", broker.address, ...args], {
    stdin: new Blob([input]),
    stderr: "pipe",
  });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect([code, errors]).toEqual([0, errors]);
  return output.trim().split("\n");
}

kcatTest("kcat lists the one node and its topics", async () => {
  const lines = (await run(["-L"])).join("\n");
  expect(lines).toContain(`broker 1 at ${broker.address} (controller)`);
  expect(lines).toContain('topic "grouped" with 2 partitions');
});

kcatTest("kcat reads back what it wrote, with keys and headers", async () => {
  await run(["-P", "-t", "plain", "-K:", "-H", "h=1"], "a:first\nb:second\n");
  expect(await run(["-C", "-q", "-e", "-t", "plain", "-f", "%o %k %s %h\n"])).toEqual([
    "0 a first h=1",
    "1 b second h=1",
  ]);
});

kcatTest("every compression of librdkafka comes through", async () => {
  const codecs = ["gzip", "snappy", "lz4", "zstd"];
  for (const codec of codecs)
    await run(["-P", "-t", "packed", "-z", codec], `${codec}\n`.repeat(9));
  const values = await run(["-C", "-q", "-e", "-t", "packed"]);
  expect(values).toEqual(codecs.flatMap((codec) => Array.from({ length: 9 }, () => codec)));
});

kcatTest("librdkafka's idempotent producer writes each record once", async () => {
  const lines = Array.from({ length: 500 }, (_, index) => `${index}`);
  const settings = ["-X", "enable.idempotence=true", "-X", "batch.num.messages=20"];
  await run(["-P", "-t", "once", ...settings], `${lines.join("\n")}\n`);
  expect(await run(["-C", "-q", "-e", "-t", "once"])).toEqual(lines);
});

kcatTest("kcat consumes as a group and finds its offsets again", async () => {
  for (const partition of ["0", "1"]) {
    await run(["-P", "-t", "grouped", "-p", partition], `record ${partition}\n`);
  }
  const group = ["-q", "-e", "-X", "auto.offset.reset=earliest", "-G", "readers", "grouped"];
  expect((await run(group)).toSorted()).toEqual(["record 0", "record 1"]);
  expect(await run(group)).toEqual([""]);
});
