/** What a terminal obeys, but line feeds and tabs, or what disguises text: marks of direction. */
const HARMFUL =
  "\\0-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069";
const IN_LINES = new RegExp(`[${HARMFUL}]`, "g");
const IN_A_LINE = new RegExp(`[\\n\\t${HARMFUL}]`, "g");
const IN_COLOR = new RegExp(`\\x1b\\[[0-9;]*m|[\\n\\t${HARMFUL}]`, "g");
const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Text from outside as a terminal may show it: each character that a terminal would obey, or that
 * changes the direction of what follows, is written as `\n` or `\u001b`. In a JSON string that stands
 * for the same character, so JSON stays what it was.
 *
 * @param keep `lines` leaves line feeds and tabs, for a text of ours; `color` leaves colours (SGR
 *   sequences), for a line that a program of ours coloured
 */
export function printable(text: string, keep?: "lines" | "color"): string {
  const harmful = keep === "lines" ? IN_LINES : keep === "color" ? IN_COLOR : IN_A_LINE;
  if (text.search(harmful) === -1) return text;
  return text.replace(harmful, (found) => (found.length > 1 ? found : escaped(found)));
}

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
