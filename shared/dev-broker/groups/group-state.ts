/** The states of a classic consumer group, by the names that ListGroups and DescribeGroups use. */
export type GroupState = "Empty" | "PreparingRebalance" | "CompletingRebalance" | "Stable" | "Dead";
