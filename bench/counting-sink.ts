/**
 * A sink that believes nothing: each tag's values must count up by one modulo 65,536 (the farm's rule), and sequence numbers must
 * rise, or the sample is not counted as arrived.
 */
import { z } from 'zod'
import { isGood } from '../src/core/status.ts'
import { defineSink } from '../src/core/sink.ts'

export function createCounter() {
  let expected = new Int32Array(1024).fill(-1)
  let lastSeq = 0
  const counter = {
    received: 0,
    wrongValues: 0,
    notInOrder: 0,
    type: defineSink({
      name: 'counting',
      summary: 'Counts and checks.',
      options: z.strictObject({}),
      create: () => ({
        async connect() {},
        async close() {},
        async write(batch) {
          for (let row = 0; row < batch.length; row++) {
            const tag = batch.tag[row]!
            if (tag >= expected.length) expected = grown(expected, tag)
            const seq = batch.seq![row]!
            if (seq <= lastSeq) counter.notInOrder++
            lastSeq = seq
            if (!isGood(batch.status[row]!)) continue
            const value = batch.value[row]!
            if (expected[tag] !== -1 && expected[tag] !== value) counter.wrongValues++
            else counter.received++
            expected[tag] = (value + 1) & 0xffff
          }
        },
      }),
    }),
  }
  return counter
}

function grown(array: Int32Array<ArrayBuffer>, index: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(array.length * 2, index + 1)).fill(-1)
  larger.set(array)
  return larger
}
