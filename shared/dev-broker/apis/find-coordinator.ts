import { NODE_ID } from "../broker.ts";
import {
  int8,
  int16,
  int32,
  nullableString,
  since,
  string,
  struct,
  throttled,
} from "../wire/codec.ts";
import { KAFKA_ERRORS } from "../wire/error-codes.ts";
import { defineApi } from "./define-api.ts";

const request = struct({ key: string, keyType: since(1, int8, 0) });

const response = throttled(1, {
  errorCode: int16,
  errorMessage: since(1, nullableString, null),
  nodeId: int32,
  host: string,
  port: int32,
});

/** FindCoordinator: the one node, for everything. */
export const findCoordinator = defineApi({
  key: 10,
  name: "FindCoordinator",
  minVersion: 0,
  maxVersion: 2,
  request,
  response,
  handle: (_request, { broker }) => ({
    errorCode: KAFKA_ERRORS.NONE,
    errorMessage: null,
    nodeId: NODE_ID,
    ...broker.advertised,
  }),
  fail: (_request, errorCode) => ({
    errorCode,
    errorMessage: null,
    nodeId: -1,
    host: "",
    port: -1,
  }),
});
