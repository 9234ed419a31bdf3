import { expect, test } from "bun:test";
import { AssignerProtocol } from "kafkajs";
import { shareOut } from "./group-guard.ts";
import {
  decodeIdentity,
  encodeMetadata,
  identityInClientId,
  isDeadPredecessor,
  isProcessAlive,
  type MemberIdentity,
  memberClientId,
  ownIdentity,
} from "./member-identity.ts";

const own: MemberIdentity = { databaseId: "orders", host: "a", pid: 10, bootId: "boot-2" };
const dead = () => false;
const alive = () => true;

test("a predecessor is dead if its process is gone from this host, or is this very one reborn", () => {
  const verdict = (other: Partial<MemberIdentity>, isAlive: (pid: number) => boolean) =>
    isDeadPredecessor({ ...own, bootId: "boot-1", ...other }, own, isAlive);
  expect({
    gone: verdict({ pid: 9 }, dead),
    running: verdict({ pid: 9 }, alive),
    samePidOtherBoot: verdict({}, alive),
    itself: verdict({ bootId: "boot-2" }, dead),
    otherHost: verdict({ pid: 9, host: "b" }, dead),
    otherHostSamePid: verdict({ host: "b" }, dead),
    otherDatabase: verdict({ pid: 9, databaseId: "payments" }, dead),
  }).toEqual({
    gone: true,
    running: false,
    samePidOtherBoot: true,
    itself: false,
    otherHost: false,
    otherHostSamePid: false,
    otherDatabase: false,
  });
});

test("a process is alive until it has ended", async () => {
  const child = Bun.spawn(["sleep", "100"]);
  expect([isProcessAlive(child.pid), isProcessAlive(process.pid), isProcessAlive(1)]).toEqual([
    true,
    true,
    true,
  ]);
  child.kill("SIGKILL");
  await child.exited;
  expect(isProcessAlive(child.pid)).toBe(false);
});

test("an identity travels in the group metadata; what is not one of ours is not taken for one", () => {
  const identity = ownIdentity("orders");
  expect(decodeIdentity(encodeMetadata(["t"], identity))).toEqual(identity);
  const foreign = (userData: string) =>
    decodeIdentity(
      AssignerProtocol.MemberMetadata.encode({
        version: 0,
        topics: ["t"],
        userData: Buffer.from(userData),
      }),
    );
  const others = ["", "not json", "null", "[]", '{"databaseId":"orders"}', '{"pid":"1"}'];
  expect(others.map(foreign)).toEqual(others.map(() => undefined));
  expect(decodeIdentity(Buffer.alloc(0))).toBeUndefined();
  expect(decodeIdentity(Buffer.from([0, 1, 2]))).toBeUndefined();
});

test("an identity travels in the client id, too", () => {
  const identity = ownIdentity("orders");
  expect(identityInClientId(memberClientId("order-service", identity))).toEqual(identity);
  const others = [
    "",
    "order-service",
    "a@b",
    "@host/1/boot",
    "a@host/one/boot/orders",
    "a@host/1/boot/orders/more",
  ];
  expect(others.map(identityInClientId)).toEqual(others.map(() => undefined));
});

test("partitions are dealt in turn, whatever the order of the members, and each to one member", () => {
  const partitions = [
    { topic: "t", partition: 0 },
    { topic: "t", partition: 1 },
    { topic: "t", partition: 2 },
    { topic: "u", partition: 0 },
  ];
  const shares = [
    { memberId: "a", assignment: { t: [0, 2] } },
    { memberId: "b", assignment: { t: [1], u: [0] } },
  ];
  expect(shareOut(["b", "a"], partitions)).toEqual(shares);
  expect(shareOut(["a", "b"], partitions)).toEqual(shares);
  expect(shareOut(["a", "b", "c"], partitions.slice(0, 2)).map(({ memberId }) => memberId)).toEqual(
    ["a", "b"],
  );
  expect(shareOut([], partitions)).toEqual([]);
  expect(shareOut(["a"], [])).toEqual([]);
});
