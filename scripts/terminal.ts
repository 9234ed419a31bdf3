import { printable } from "@order-outbox/errors";

/**
 * Escapes all that this process prints from here on by `console`, but line feeds and tabs: commands
 * print what comes from outside, and no place of theirs can forget that then.
 */
export function escapeConsole(): void {
  for (const name of ["log", "error", "warn"] as const) {
    const print = console[name].bind(console);
    console[name] = (...parts: unknown[]) => {
      const text = parts.map((part) => (typeof part === "string" ? part : Bun.inspect(part)));
      print(printable(text.join(" "), "lines"));
    };
  }
}
