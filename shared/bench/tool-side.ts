/** What a program that the bench starts was told: its argument. It ends when the bench does. */
export function toolPlan<Plan>(): Plan {
  process.stdin.on("end", () => process.exit(1)).resume();
  return JSON.parse(process.argv[2] ?? "{}") as Plan;
}

/** Prints the result, and ends. */
export function answerTool(result: unknown): never {
  console.log(JSON.stringify(result));
  process.exit(0);
}
