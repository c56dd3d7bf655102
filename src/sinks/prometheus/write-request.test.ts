/** Remote write messages, judged by protobufjs with a schema of its own, and by snappy's block format. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeWriteRequest } from '../../testing/prometheus-server.ts'
import { encodeLabels, encodeWriteRequest, STALE } from './write-request.ts'

test('what is encoded is what protobufjs reads', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 200 })
  const label = fc.record({ name, value: name })
  const time = fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.maxSafeInteger())
  const sample = fc.tuple(time, fc.double({ noNaN: true }))
  const series = fc.record({
    labels: fc.uniqueArray(label, { selector: ({ name: own }) => own, maxLength: 5 }),
    samples: fc.array(sample, { maxLength: 20 }),
  })
  fc.assert(
    fc.property(fc.array(series, { maxLength: 5 }), (all) => {
      const encoded = all.map(({ labels, samples }) => ({
        labels: encodeLabels(labels),
        times: samples.map(([at]) => at),
        values: samples.map(([, value]) => value),
      }))
      const { timeseries } = decodeWriteRequest(encodeWriteRequest(encoded))
      assert.equal(timeseries.length, all.length)
      timeseries.forEach((got, at) => {
        const plain = all[at]!.labels.map((own) => ({ name: own.name, value: own.value }))
        const byName = plain.sort((a, b) => (a.name < b.name ? -1 : 1))
        assert.deepEqual(got.labels, byName)
        assert.deepEqual(
          got.samples.map(({ timestamp, value }) => [timestamp, value]),
          all[at]!.samples.map(([ms, value]) => [String(ms), value]),
        )
      })
    }),
    { numRuns: 200 },
  )
})

test('the mark of a series that ends has the bits that Prometheus looks for', () => {
  const bytes = encodeWriteRequest([{ labels: new Uint8Array(), times: [1], values: [STALE] }])
  assert.equal(Buffer.from(bytes).toString('hex'), '0a0d' + '120b' + '09' + '020000000000f07f' + '1001')
})
