/** Controls, line separators, and the bidi embeddings, overrides and isolates that disguise text. */
export const UNPRINTABLE = "\\u0000-\\u001F\\u007F-\\u009F\\u2028-\\u202E\\u2066-\\u2069";

const PRINTABLE = new RegExp(`^[^${UNPRINTABLE}]*$`, "u");
const EACH_UNPRINTABLE = new RegExp(`[${UNPRINTABLE}]`, "gu");

/** Whether `text` has no control characters, line separators or marks that disguise it. */
export const isPrintable = (text: string): boolean => PRINTABLE.test(text);

/** The first `length` characters of a text of unknown origin, with what is not printable escaped. */
export function extractOf(text: string, length = 32): string {
  const begin = text.slice(0, length).replace(EACH_UNPRINTABLE, (character) => {
    return `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
  return text.length > length ? `${begin}…` : begin;
}
