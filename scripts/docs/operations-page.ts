import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "@order-outbox/testing";

/** What docs/operations.md has from the code, between comments that name it. */
export type GeneratedPart = "metrics" | "settings";

const PAGE = join(REPOSITORY, "docs/operations.md");

const between = (part: GeneratedPart): RegExp =>
  new RegExp(`(?<=<!-- ${part}: begin -->\n)[\\s\\S]*?(?=<!-- ${part}: end -->)`);

/** The part as the page has it; "" when its comments are missing. */
export function readPart(part: GeneratedPart): string {
  return between(part).exec(readFileSync(PAGE, "utf8"))?.[0] ?? "";
}

/** Puts the part as the code has it into the page. */
export function writePart(part: GeneratedPart, text: string): void {
  const page = readFileSync(PAGE, "utf8");
  writeFileSync(
    PAGE,
    page.replace(between(part), () => text),
  );
}
