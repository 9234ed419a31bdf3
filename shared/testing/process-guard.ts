/** Keeps a list of process groups, and kills what is on it when standard input ends. */
const SCRIPT = `
while read -r change pid; do
  others=
  for known in $pids; do [ "$known" = "$pid" ] || others="$others $known"; done
  pids=$others
  [ "$change" = started ] && pids="$pids $pid"
done
for pid in $pids; do kill -s KILL -- "-$pid"; done`;

const running = new Set<number>();
let tell: ((line: string) => void) | undefined;

/**
 * Has the process group of `pid` killed (SIGKILL) when this process is gone, however it ended, unless
 * `exited` has settled before. A shell of its own does that: its pipe ends with this process.
 */
export function killWithThisProcess(pid: number, exited: Promise<unknown>): void {
  running.add(pid);
  if (tell === undefined) startGuard();
  else tell(`started ${pid}`);
  void exited.finally(() => {
    running.delete(pid);
    tell?.(`ended ${pid}`);
  });
}

function startGuard(): void {
  const guard = Bun.spawn(["sh", "-c", SCRIPT], {
    stdin: "pipe",
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  guard.unref();
  const say = (line: string) => {
    guard.stdin.write(`${line}\n`);
    Promise.resolve(guard.stdin.flush()).catch(() => {});
  };
  for (const pid of running) say(`started ${pid}`);
  tell = say;
  // A test runner may kill it with a test that takes too long.
  void guard.exited.then(() => {
    tell = undefined;
  });
}
