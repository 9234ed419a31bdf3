import { printable } from "@order-outbox/errors";

const COLORS = ["\u001b[36m", "\u001b[35m", "\u001b[33m", "\u001b[34m", "\u001b[32m"];
const RESET = "\u001b[0m";
/** For a pattern. */
const COLOR = "(?:\u001b\\[\\d*m)?";

/** Writes the lines of several processes, each behind the name of its own. */
export interface Output {
  line(name: string, text: string): void;
}

/** Prefixes lines with names padded to the longest one, each in a colour of its own. */
export function prefixedOutput(
  names: readonly string[],
  { color, write }: { color: boolean; write: (text: string) => void },
): Output {
  const width = Math.max(...names.map((name) => name.length));
  return {
    line(name, text) {
      const paint = COLORS[Math.max(names.indexOf(name), 0) % COLORS.length];
      const prefix = `${name.padEnd(width)} |`;
      const shown = printable(withoutName(name, text), "color");
      write(`${color ? `${paint}${prefix}${RESET}` : prefix} ${shown}\n`);
    },
  };
}

/** A pretty log line, after its time and level, names its service, which the prefix does already. */
function withoutName(name: string, text: string): string {
  return text.replace(
    new RegExp(`^(${COLOR}[\\d:.]+Z${COLOR} ${COLOR}[A-Z]+ *${COLOR}) ${name} `),
    "$1 ",
  );
}
