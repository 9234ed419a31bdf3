import { expect, test } from "bun:test";
import { AssignerProtocol } from "kafkajs";
import { shareOut } from "./group-guard.ts";
import {
  decodeIdentity,
  encodeMetadata,
  identityInClientId,
  isDeadPredecessor,
  type MemberIdentity,
  memberClientId,
  ownIdentity,
} from "./member-identity.ts";

const own: MemberIdentity = { databaseId: "orders", host: "a", pid: 10, bootId: "boot-2" };

test("a predecessor is dead if its life is over, whatever host and process id it has", () => {
  const verdict = (other: Partial<MemberIdentity>, gone: boolean) =>
    isDeadPredecessor({ ...own, bootId: "boot-1", ...other }, own, () => gone);
  expect({
    gone: verdict({ pid: 9 }, true),
    goneOnAnotherHost: verdict({ pid: 9, host: "b" }, true),
    running: verdict({ pid: 9 }, false),
    runningWithTheSamePid: verdict({}, false),
    itself: verdict({ bootId: "boot-2" }, true),
    otherDatabase: verdict({ pid: 9, databaseId: "payments" }, true),
  }).toEqual({
    gone: true,
    goneOnAnotherHost: true,
    running: false,
    runningWithTheSamePid: false,
    itself: false,
    otherDatabase: false,
  });
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
