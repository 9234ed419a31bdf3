/** Offsets have 33 bits, partitions the 20 bits above: together what a number holds exactly. */
export const OFFSETS_PER_PARTITION = 2 ** 33;

/** The row id of a partition's batch that starts at `offset`. */
export const position = (partitionId: number, offset: number): number =>
  partitionId * OFFSETS_PER_PARTITION + offset;
