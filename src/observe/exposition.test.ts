/** The text itself: escaping, numbers, pieces, exemplars, and the bound of a family. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHistogram, exemplify, observe } from '../core/histogram.ts'
import { Exposition, FixedLabels, labelText, type ExpositionOptions } from './exposition.ts'

const write = (fill: (out: Exposition) => void, options: Partial<ExpositionOptions> = {}): string => {
  const out = new Exposition({ openMetrics: false, ...options })
  out.family('m', 'gauge', 'help')
  fill(out)
  return Buffer.concat(out.bytes())
    .toString()
    .replace(/^#.*\n/gm, '')
}

test('numbers of every size and kind', () => {
  const numbers = [0, 7, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 53, -3, 0.1, 1e21, Number.NaN, Infinity, -Infinity]
  const text = write((out) => numbers.forEach((value) => out.sample({}, value)))
  assert.deepEqual(
    text.trimEnd().split('\n'),
    numbers.map((value) => `m ${String(value).replace('Infinity', 'Inf').replace(/^Inf/, '+Inf')}`),
  )
})

test('fixed labels are written like others, with umlauts, quotes and line breaks', () => {
  const labels = { device: 'Öfen "A"\n\\', driver: 'x' }
  const plain = write((out) => out.sample({ ...labels, more: 'ü' }, 1))
  assert.equal(plain, 'm{device="Öfen \\"A\\"\\n\\\\",driver="x",more="ü"} 1\n')
  assert.equal(
    write((out) => out.sampleOf(new FixedLabels(labels), labelText({ more: 'ü' }), 1)),
    plain,
  )
  const histogram = createHistogram([0.5, 1])
  observe(histogram, 0.7)
  assert.equal(
    write((out) => out.histogram(new FixedLabels({ device: 'Ö' }), histogram)),
    'm_bucket{device="Ö",le="0.5"} 0\nm_bucket{device="Ö",le="1"} 1\nm_bucket{device="Ö",le="+Inf"} 1\nm_sum{device="Ö"} 0.7\nm_count{device="Ö"} 1\n',
  )
})

test('whatever its length, the text is the same in many pieces', () => {
  const histogram = createHistogram()
  observe(histogram, 0.2)
  const names = Array.from({ length: 3000 }, (_, index) => `${'é'.repeat(index % 90)}${index}`)
  const one = names.map((name) => write((out) => out.histogram(new FixedLabels({ name }), histogram))).join('')
  assert.equal(
    write((out) => names.forEach((name) => out.histogram(new FixedLabels({ name }), histogram))),
    one,
  )
  const long = 'x'.repeat(200_000)
  assert.equal(
    write((out) => out.sample({ long }, 1)),
    `m{long="${long}"} 1\n`,
  )
})

test('exemplars: in OpenMetrics, beside the bucket of their value; nowhere else', () => {
  const histogram = createHistogram([0.5, 1])
  observe(histogram, 0.7)
  exemplify(histogram, { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', value: 0.7, at: 1_795_972_491_529 })
  const fill = (out: Exposition): void => out.histogram({ route: '/x' }, histogram)
  assert.match(
    write(fill, { openMetrics: true }),
    /^m_bucket\{route="\/x",le="1\.0"\} 1 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 0\.7 1795972491\.529$/m,
  )
  assert.doesNotMatch(write(fill), /trace_id/)
})

test('a family ends at its bound; what is beyond is counted, what the asker may not see is not', () => {
  const histogram = createHistogram([1])
  const out = new Exposition({ openMetrics: false, maxSeries: 3, shows: ({ i }) => i !== 0 })
  out.family('a', 'gauge', '')
  for (let i = 0; i < 10; i++) out.sample({ i }, 1)
  assert.equal(out.dropped, 6)
  out.family('b', 'histogram', '')
  out.histogram({ i: 1 }, histogram)
  assert.equal(out.dropped, 10)
  assert.equal(Buffer.concat(out.bytes()).toString().match(/^a\{/gm)?.length, 3)
})
