/**
 * Sends orders as a `LoadPlan` (its argument, as JSON) says, over plain sockets with requests that
 * are rendered beforehand, and prints a `LoadResult`. A process of its own, so that what it uses of
 * the processor can be told from what the service uses.
 */
import { runClosedLoop } from "./closed-loop.ts";
import type { LoadPlan } from "./load-plan.ts";
import { createTally } from "./load-tally.ts";
import { runOpenLoop } from "./open-loop.ts";
import { orderRequests } from "./requests.ts";
import { answerTool, toolPlan } from "./tool-side.ts";

const plan = toolPlan<LoadPlan>();
const requests = orderRequests(plan.port, plan.keys === true);
const tally = createTally(plan);
const { rate } = plan;
if (rate === undefined) await runClosedLoop(plan, requests, tally);
else await runOpenLoop({ ...plan, rate }, requests, tally);
answerTool(tally.result());
