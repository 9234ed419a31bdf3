/**
 * A command that runs when it is disposed of, or when this process has died in whatever way: a
 * helper waits for the end of a pipe that only this process holds open.
 */
export function cleanUpWith(command: readonly string[]): AsyncDisposable {
  const helper = Bun.spawn(["sh", "-c", 'cat > /dev/null; exec "$@"', "sh", ...command], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  helper.unref();
  return {
    async [Symbol.asyncDispose]() {
      await helper.stdin.end();
      await helper.exited;
    },
  };
}
