import { AppError } from "@order-outbox/errors";

/** The states of a classic consumer group, by the names that ListGroups and DescribeGroups use. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";

const NEXT_STATES: Readonly<Record<GroupState, readonly GroupState[]>> = {
  Empty: ["PreparingRebalance", "Dead"],
  PreparingRebalance: ["CompletingRebalance", "Empty", "Dead"],
  CompletingRebalance: ["Stable", "PreparingRebalance", "Dead"],
  Stable: ["PreparingRebalance", "Dead"],
  Dead: [],
};

/** Returns `to` if a group may go there from `from`; anything else is a fault of this module. */
export function nextState(from: GroupState, to: GroupState): GroupState {
  if (NEXT_STATES[from].includes(to)) return to;
  throw new AppError("INTERNAL", `A consumer group cannot go from ${from} to ${to}.`);
}
