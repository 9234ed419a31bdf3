import { AppError } from "@order-outbox/errors";
import type { GroupNeighbours } from "./group-guard.ts";
import type { MemberIdentity } from "./member-identity.ts";

/** What a member has seen of other databases in its group. */
export interface Occupancy {
  /** @throws AppError GROUP_OCCUPIED while the group works for another database, and `vacantMs` after */
  requireFree(own: MemberIdentity, neighbours: GroupNeighbours): void;
}

/**
 * Keeps a member out of a group that works for another database. One that has seen such a group does
 * not take it over in the moment in which the other's process starts again: nothing of the other must
 * have been seen for `vacantMs`. Who comes to a free group joins at once.
 *
 * @param monotonic milliseconds that no change of the clock moves
 */
export function createOccupancy(
  groupId: string,
  vacantMs: number,
  monotonic: () => number,
): Occupancy {
  let seen: { at: number; databases: string[] } | undefined;
  return {
    requireFree({ databaseId }, { otherDatabases }) {
      const isOccupied = otherDatabases.length > 0;
      if (isOccupied) seen = { at: monotonic(), databases: otherDatabases };
      if (seen === undefined || monotonic() - seen.at >= vacantMs) return;
      const since = isOccupied ? "already works" : "worked a moment ago";
      throw new AppError(
        "GROUP_OCCUPIED",
        `consumer group ${groupId} ${since} for another database; this one does not consume. ` +
          "Stop the other instance, or give this one that instance's database; it joins when the " +
          `other has been gone for ${vacantMs / 1_000} s`,
        { details: { databaseId, otherDatabases: seen.databases } },
      );
    },
  };
}
