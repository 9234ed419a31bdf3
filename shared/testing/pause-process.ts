/**
 * SIGSTOPs a process and continues it after `ms`; resolves when that is done, or when the process is
 * gone. A helper process does the continuing, so that nothing stays stopped when this one is killed.
 */
export async function pauseProcess(pid: number, ms: number): Promise<void> {
  const script = 'kill -STOP "$0" && sleep "$1"; kill -CONT "$0"';
  const helper = Bun.spawn(["sh", "-c", script, String(pid), String(ms / 1000)], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  await helper.exited;
}
