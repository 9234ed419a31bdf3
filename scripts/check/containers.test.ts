import { expect, test } from "bun:test";
import { join, resolve } from "node:path";
import { databaseName, SERVICES } from "@order-outbox/registry";

const ROOT = resolve(import.meta.dir, "../..");

interface Container {
  image?: string;
  build?: { dockerfile: string };
  read_only?: boolean;
  mem_limit?: string;
  cpus?: number;
  pids_limit?: number;
  cap_drop?: string[];
  security_opt?: string[];
  user?: string;
  environment?: string[];
}

async function containersOf(file: string): Promise<[string, Container][]> {
  const compose = Bun.YAML.parse(await Bun.file(join(ROOT, file)).text());
  return Object.entries((compose as { services: Record<string, Container> }).services);
}

test("no container can gain rights, and each has a limit of memory", async () => {
  for (const [name, container] of await containersOf("compose.yaml")) {
    expect({ name, ...container }).toMatchObject({
      name,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
    });
  }
});

test("our own containers write to their volumes only, and are bounded", async () => {
  const ours = (await Promise.all(["compose.yaml", "compose.dev-broker.yaml"].map(containersOf)))
    .flat()
    .filter(([, { build }]) => build !== undefined);
  expect(ours).toHaveLength(SERVICES.length + 1);
  for (const [name, container] of ours) {
    const bounds = { read_only: true, cpus: 1, pids_limit: 128, mem_limit: "512m" };
    expect({ name, ...container }).toMatchObject({ name, ...bounds });
  }
});

test("every service has its container, with its port, and a volume for its database", async () => {
  const containers = Object.fromEntries(await containersOf("compose.yaml"));
  for (const service of SERVICES) {
    const { port, portVariable } = service;
    expect(containers[service.name]).toMatchObject({
      build: { args: { SERVICE: service.name } },
      ports: [`127.0.0.1:\${${portVariable}:-${port}}:${port}`],
      volumes: [`${databaseName(service)}:/data`],
    });
  }
});

test("no image of ours, and no container of Bun's image, runs as root", async () => {
  const dockerfile = await Bun.file(join(ROOT, "services/Dockerfile")).text();
  for (const stage of ["service", "dev-broker"]) {
    const text = new RegExp(`^FROM \\w+ AS ${stage}$([\\s\\S]*?)(?=^FROM )`, "m").exec(dockerfile);
    expect({ stage, text: text?.[1] }).toEqual({
      stage,
      text: expect.stringMatching(/^USER bun$/m),
    });
  }
  for (const file of ["compose.yaml", "compose.dev-broker.yaml"]) {
    for (const [name, { image, user }] of await containersOf(file)) {
      if (image?.startsWith("oven/bun")) expect({ name, user }).toEqual({ name, user: "bun" });
    }
  }
});

test("every image of ours runs as in production, and on a published port only named hosts", async () => {
  const dockerfile = await Bun.file(join(ROOT, "services/Dockerfile")).text();
  expect(dockerfile.match(/^ENV NODE_ENV=production\b/gm)).toHaveLength(2);
  const services = (await containersOf("compose.yaml")).filter(([, { build }]) => build);
  for (const [name, { environment }] of services) {
    const hosts = environment?.find((entry) => entry.startsWith("ALLOWED_HOSTS="));
    expect({ name, hosts: hosts?.includes(name) }).toEqual({ name, hosts: true });
  }
});

test("what is pulled is named by its digest, but for two images whose digest is not known yet", async () => {
  const images = (await containersOf("compose.yaml")).flatMap(([, { image }]) => image ?? []);
  const floating = images.filter((image) => !/@sha256:[0-9a-f]{64}$/.test(image));
  expect(new Set(floating)).toEqual(
    new Set(["oven/bun:1.4.5-slim", "docker.redpanda.com/redpandadata/console:v3.12.0"]),
  );
  const workflow = await Bun.file(join(ROOT, ".github/workflows/ci.yml")).text();
  for (const [, used] of workflow.matchAll(/uses: (\S+)/g)) expect(used).toMatch(/@[0-9a-f]{40}$/);
});
