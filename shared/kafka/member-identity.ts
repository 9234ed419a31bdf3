import { hostname } from "node:os";
import { AssignerProtocol } from "kafkajs";

/** Who a member of a consumer group works for; travels in its group metadata. */
export interface MemberIdentity {
  databaseId: string;
  /** Where it runs, to show. */
  host: string;
  pid: number;
  /** Of one life of one process, so that a restarted one can tell its dead predecessor. */
  bootId: string;
}

const bootId = crypto.randomUUID();

/** The identity of this process as a member that works for `databaseId`, in the life `id`. */
export function ownIdentity(databaseId: string, id: string = bootId): MemberIdentity {
  return { databaseId, host: hostname(), pid: process.pid, bootId: id };
}

/**
 * Whether `other` is the membership that a dead process of this database left behind. Host and
 * process id decide nothing: two containers can have both in common.
 *
 * @param isGone whether a life is known to be over
 */
export function isDeadPredecessor(
  other: MemberIdentity,
  own: MemberIdentity,
  isGone: (bootId: string) => boolean,
): boolean {
  if (other.databaseId !== own.databaseId || other.bootId === own.bootId) return false;
  return isGone(other.bootId);
}

/**
 * The client id of a member: its service's, and its identity. A group describes its members' client
 * ids in every state, and their metadata only while it does not rebalance.
 */
export function memberClientId(clientId: string, identity: MemberIdentity): string {
  const { host, pid, bootId, databaseId } = identity;
  return `${clientId}@${host}/${pid}/${bootId}/${databaseId}`;
}

/** The identity in a member's client id; undefined for a member that carries none of ours. */
export function identityInClientId(clientId: string): MemberIdentity | undefined {
  const parts = clientId.slice(clientId.lastIndexOf("@") + 1).split("/");
  const [host, pid, bootId, databaseId] = parts;
  const identity = { host, pid: Number(pid), bootId, databaseId };
  const whole = parts.length === 4 && /^\d+$/.test(pid ?? "");
  return whole && isIdentity(identity) ? identity : undefined;
}

/** A member's identity as its group metadata, together with what it subscribes to. */
export function encodeMetadata(topics: string[], identity: MemberIdentity): Buffer {
  const userData = Buffer.from(JSON.stringify(identity));
  return AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData });
}

/** The identity in a member's group metadata; undefined for a member that carries none of ours. */
export function decodeIdentity(memberMetadata: Buffer): MemberIdentity | undefined {
  if (memberMetadata.length === 0) return undefined;
  try {
    const { userData } = AssignerProtocol.MemberMetadata.decode(memberMetadata) ?? {};
    const parsed: unknown = JSON.parse(userData?.toString("utf8") ?? "");
    return isIdentity(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isIdentity(value: unknown): value is MemberIdentity {
  if (typeof value !== "object" || value === null) return false;
  const { databaseId, host, pid, bootId } = value as Record<string, unknown>;
  return (
    typeof databaseId === "string" &&
    typeof host === "string" &&
    typeof pid === "number" &&
    typeof bootId === "string"
  );
}
