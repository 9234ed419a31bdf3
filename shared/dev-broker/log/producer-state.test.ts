import { expect, test } from "bun:test";
import {
  afterBatch,
  type BatchSequence,
  checkSequence,
  type ProducerState,
} from "./producer-state.ts";

const batch = (baseSequence: number, recordCount = 1, producerEpoch = 0): BatchSequence => ({
  producerId: 1,
  producerEpoch,
  baseSequence,
  recordCount,
});

/** The state after single-record batches with these sequences, at offsets 100, 101, … */
function written(...sequences: number[]): ProducerState | undefined {
  return sequences.reduce<ProducerState | undefined>(
    (state, sequence, index) => afterBatch(state, batch(sequence), 100 + index),
    undefined,
  );
}

test("a producer that nothing is known of may start anywhere", () => {
  expect(checkSequence(undefined, batch(77))).toBeUndefined();
});

test("the next sequence is written, a gap and a step back are out of order", () => {
  const state = written(0, 1, 2);
  expect(checkSequence(state, batch(3, 10))).toBeUndefined();
  expect(() => checkSequence(state, batch(4))).toThrow("Sequence 4 came where 3 was expected");
  expect(() => checkSequence(state, batch(1, 2))).toThrow("came where 3 was expected");
});

test("each of the last five batches is known again with its offset, older ones are not", () => {
  const state = written(0, 1, 2, 3, 4, 5);
  expect(
    [1, 2, 3, 4, 5].map((sequence) => checkSequence(state, batch(sequence))?.baseOffset),
  ).toEqual([101, 102, 103, 104, 105]);
  expect(() => checkSequence(state, batch(0))).toThrow("came where 6 was expected");
});

test("an older epoch is refused, a newer one starts at 0", () => {
  const state = afterBatch(written(0, 1), batch(0, 1, 4), 200);
  expect(state.batches).toHaveLength(1);
  expect(() => checkSequence(state, batch(2, 1, 3))).toThrow("A newer epoch");
  expect(checkSequence(state, batch(0, 1, 5))).toBeUndefined();
  expect(() => checkSequence(state, batch(1, 1, 5))).toThrow("starts at sequence 0");
});

test("sequences wrap around after the largest integer", () => {
  const last = 2 ** 31 - 1;
  const state = afterBatch(undefined, batch(last - 1, 3), 0);
  expect(state.batches[0]?.lastSequence).toBe(0);
  expect(checkSequence(state, batch(1))).toBeUndefined();
  expect(checkSequence(state, batch(last - 1, 3))?.baseOffset).toBe(0);
  expect(checkSequence(afterBatch(undefined, batch(last), 0), batch(0))).toBeUndefined();
});
