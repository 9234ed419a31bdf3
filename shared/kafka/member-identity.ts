import { hostname } from "node:os";
import { AssignerProtocol } from "kafkajs";

/** Who a member of a consumer group works for; travels in its group metadata. */
export interface MemberIdentity {
  databaseId: string;
  /** The process, so that a restarted one can tell its dead predecessor. */
  host: string;
  pid: number;
  bootId: string;
}

const bootId = crypto.randomUUID();

/** The identity of this process as a member that works for `databaseId`. */
export function ownIdentity(databaseId: string): MemberIdentity {
  return { databaseId, host: hostname(), pid: process.pid, bootId };
}

/**
 * Whether `other` is the membership that a dead process of this database left behind. Only a
 * process of this very host can be known to be dead.
 */
export function isDeadPredecessor(
  other: MemberIdentity,
  own: MemberIdentity,
  isAlive: (pid: number) => boolean,
): boolean {
  if (other.databaseId !== own.databaseId || other.host !== own.host) return false;
  return other.pid === own.pid ? other.bootId !== own.bootId : !isAlive(other.pid);
}

/** Whether a process of this host is there; one of another user counts. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
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
