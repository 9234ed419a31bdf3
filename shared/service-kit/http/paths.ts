/** The path of a request's URL without its query; of a bare path, as the runtime gives it, too. */
export function pathOf(url: string): string {
  const start = url.startsWith("http") ? url.indexOf("/", url.indexOf("//") + 2) : 0;
  const end = url.indexOf("?", start);
  return end === -1 ? url.slice(start) : url.slice(start, end);
}

/** Whether a route's path, with `:name` and a last `*`, matches; a last slash makes no difference. */
export function matchesPath(pattern: string, path: string): boolean {
  const segments = path.replace(/(.)\/$/, "$1").split("/");
  const expected = pattern.split("/");
  if (expected.at(-1) === "*") segments.splice(expected.length);
  return (
    expected.length === segments.length &&
    expected.every((part, i) => part === "*" || part.startsWith(":") || part === segments[i])
  );
}
