import { expect, test } from "bun:test";
import { AppError } from "@order-outbox/errors";
import { namedPipe, startProcess, waitFor } from "@order-outbox/testing";
import { createLogger, type LoggerOptions, wantsColor } from "./logger.ts";

function recordingLogger(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line.trimEnd()) };
  return { lines, logger: createLogger({ service: "order-service", destination, ...options }) };
}

test("a JSON line has the time, the level as text, the service, the fields and the message", () => {
  const { lines, logger } = recordingLogger({ format: "json" });
  logger.info({ orderId: "o-1" }, "order accepted");
  const { time, ...rest } = JSON.parse(lines[0] ?? "");
  expect(rest).toEqual({
    level: "info",
    service: "order-service",
    orderId: "o-1",
    msg: "order accepted",
  });
  expect(new Date(time).toISOString()).toBe(time);
});

test("lines below the level are not written, and children add their fields", () => {
  const { lines, logger } = recordingLogger({ format: "json", level: "warn" });
  const child = logger.child({ component: "relay" });
  child.info({}, "hidden");
  child.warn({}, "shown");
  expect(lines.map((line) => JSON.parse(line).component)).toEqual(["relay"]);
});

test("an error is written with its code, its details and its causes", () => {
  const { lines, logger } = recordingLogger({ format: "json" });
  const cause = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  const error = new AppError("BROKER_UNAVAILABLE", "no broker", { cause, details: { tries: 2 } });
  logger.error({ error }, "cannot publish");
  expect(JSON.parse(lines[0] ?? "").error).toEqual({
    code: "BROKER_UNAVAILABLE",
    message: "no broker",
    details: { tries: 2 },
    cause: {
      code: "ECONNREFUSED",
      message: "connect ECONNREFUSED",
      stack: expect.stringContaining("logger.test.ts"),
    },
  });
});

test("circular causes and thrown values that are no errors are written, too", () => {
  const { lines, logger } = recordingLogger({ format: "json" });
  const error = new Error("a");
  error.cause = error;
  logger.error({ error }, "circular");
  logger.error({ error: "just text" }, "text");
  expect(lines).toHaveLength(2);
  expect(JSON.parse(lines[1] ?? "").error).toEqual({ message: "just text" });
});

test("a pretty line is for reading: time, level, service, message, ids first", () => {
  const { lines, logger } = recordingLogger({ format: "pretty", color: false });
  logger.warn(
    { attempts: 2, note: "two words", traceId: "t-1", eventId: "e-1", orderId: "o-1" },
    "event held back",
  );
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d\.\d{3}Z WARN {2}order-service event held back orderId=o-1 eventId=e-1 traceId=t-1 attempts=2 note="two words"$/,
  );
});

test("a pretty line stays one line and names the causes of an error", () => {
  const { lines, logger } = recordingLogger({ format: "pretty", color: false });
  const error = new AppError("STORAGE_FAILED", "commit failed", { cause: new Error("a\nb") });
  logger.error({ error }, "cannot\nstore");
  expect(lines[0]).toEndWith('cannot\\nstore error="STORAGE_FAILED commit failed <- a\\nb"');
});

test("what comes from outside commands no terminal, in a line of either kind", () => {
  const evil = "\x1b[2J\x9b2J\u202e\x7f";
  for (const format of ["pretty", "json"] as const) {
    const { lines, logger } = recordingLogger({ format, color: false });
    logger.warn({ eventId: evil, [evil]: [evil], error: new Error(evil) }, `held ${evil}`);
    expect(lines[0]).toContain("\\u001b[2J\\u009b2J\\u202e\\u007f");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may be written
    expect(lines[0]).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
    if (format === "json") expect(JSON.parse(lines[0] ?? "").eventId).toBe(evil);
  }
});

test("colours follow NO_COLOR, FORCE_COLOR and the terminal", () => {
  expect(wantsColor({}, true)).toBe(true);
  expect(wantsColor({}, false)).toBe(false);
  expect(wantsColor({ NO_COLOR: "1", FORCE_COLOR: "1" }, true)).toBe(false);
  expect(wantsColor({ FORCE_COLOR: "1" }, false)).toBe(true);
  expect(wantsColor({ FORCE_COLOR: "0" }, true)).toBe(false);
});

test.concurrent("a log whose reader stalled says how many lines it lacks, as soon as there is room", async () => {
  using pipe = namedPipe();
  await using child = startProcess(["bun", `${import.meta.dir}/logger-program.ts`, "flood"], {
    output: pipe.writer,
  });
  // It ends when its lines are written, so it waits for its reader.
  let text = "";
  const isTold = () => {
    text += pipe.read();
    return text.includes("dropped");
  };
  await waitFor(isTold, { what: "the gap to be told" });
  expect(await child.exited).toBe(0);
  const lines = (text + pipe.read()).trimEnd().split("\n");
  const gap = lines.findIndex((line) => line.includes("dropped"));
  const { level, service, msg, lines: dropped } = JSON.parse(lines[gap] ?? "");
  expect({ level, service, msg }).toEqual({
    level: "warn",
    service: "ending",
    msg: `${dropped} log lines were dropped`,
  });
  expect(JSON.parse(lines[gap - 1] ?? "").n).toBe(gap - 1);
  expect(gap + dropped).toBe(100_000);
});

test.concurrent.each(["return", "exit", "throw"])(
  "a process that ends by %s has written its last line",
  async (how) => {
    await using child = startProcess(["bun", `${import.meta.dir}/logger-program.ts`, how]);
    await child.exited;
    await child.waitForLine('"last"');
    expect(child.lines.filter((line) => line.includes('"service":"ending"'))).toHaveLength(2);
  },
);
