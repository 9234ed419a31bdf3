import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname, resolve } from "node:path";

/**
 * Makes the folder and the file of a report, so that a long run does not end with nothing.
 *
 * @returns why it cannot be written, in a sentence
 */
export function prepareReport(option: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    mkdirSync(dirname(resolve(file)), { recursive: true });
    closeSync(openSync(file, "a"));
    return undefined;
  } catch (error) {
    return `${option} cannot be written: ${error instanceof Error ? error.message : error}`;
  }
}
