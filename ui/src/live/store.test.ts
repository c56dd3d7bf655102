/** The live store: snapshot then delta, few renders for many updates, reconnects seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SnapshotValue } from '../api.ts'
import { LiveStore } from './store.ts'

const value = (id: number, tag: string): SnapshotValue => ({
  id,
  device: 'press-1',
  tag,
  unit: 'm',
  type: 'float32',
  writable: false,
  low: 0,
  high: 10,
  writeMin: null,
  writeMax: null,
  description: 'Level',
  value: 1.5,
  text: null,
  status: 0,
  time: 1000,
  receivedAt: 1000,
  reason: null,
})

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test('a delta changes its tag, unknown ids are ignored, and watchers hear of every row', () => {
  const store = new LiveStore()
  store.apply({ type: 'snapshot', values: [value(2, 'b'), value(1, 'a')], devices: [] })
  const seen: string[] = []
  store.watch((tag) => seen.push(`${tag.key}=${tag.value}`))
  const values = [
    [1, 2.5, 0, 2000, 2000],
    [99, 1, 0, 1, 1],
    [1, 3.5, 0, 2001, 2001],
  ] as const
  store.apply({ type: 'delta', serverTime: Date.now(), values, conflated: 0 })
  assert.deepEqual(seen, ['press-1/a=2.5', 'press-1/a=3.5'])
  assert.deepEqual(
    store.tags.map((tag) => tag.tag),
    ['a', 'b'],
  )
  assert.equal(store.find('press-1/a')?.time, 2001)
})

test('the reason of a bad value comes with its delta and goes with the next', () => {
  const store = new LiveStore()
  store.apply({ type: 'snapshot', values: [value(1, 'a')], devices: [] })
  const bad = [1, null, 0x80890000, null, 2000, 'hr:7 = 40008: the device answers exception 02'] as const
  store.apply({ type: 'delta', serverTime: Date.now(), values: [bad], conflated: 0 })
  assert.equal(store.find('press-1/a')?.reason, bad[5])
  store.apply({ type: 'delta', serverTime: Date.now(), values: [[1, 2, 0, 2001, 2001]], conflated: 0 })
  assert.equal(store.find('press-1/a')?.reason, null)
})

test('a change of severity is counted, a change of value is not', () => {
  const store = new LiveStore()
  store.apply({ type: 'snapshot', values: [value(1, 'a')], devices: [] })
  const before = store.severities
  store.apply({ type: 'delta', serverTime: 0, values: [[1, 2, 0, 2, 2]], conflated: 0 })
  assert.equal(store.severities, before)
  store.apply({ type: 'delta', serverTime: 0, values: [[1, 2, 0x80310000, 2, 3]], conflated: 0 })
  assert.equal(store.severities, before + 1)
})

test('the name of a value comes and goes with it', () => {
  const store = new LiveStore()
  store.apply({ type: 'snapshot', values: [{ ...value(1, 'a'), value: 4, text: 'MPPT' }], devices: [] })
  const text = () => store.find('press-1/a')?.text
  assert.equal(text(), 'MPPT')
  store.apply({ type: 'delta', serverTime: 0, values: [[1, 2, 0, 2, 2, null, 'SLEEPING']], conflated: 0 })
  assert.deepEqual([text(), store.find('press-1/a')?.reason], ['SLEEPING', null])
  store.apply({ type: 'delta', serverTime: 0, values: [[1, 9, 0, 2, 2]], conflated: 0 })
  assert.equal(text(), null)
})

test('500 messages in half a second are told at most ten times a second, and the last one is told', async () => {
  const store = new LiveStore()
  store.apply({ type: 'snapshot', values: [value(1, 'a')], devices: [] })
  let told = 0
  let last: unknown
  store.subscribe(() => {
    told++
    last = store.find('press-1/a')?.value
  })
  const begin = performance.now()
  for (let i = 0; i < 50; i++) {
    for (let j = 0; j < 10; j++)
      store.apply({ type: 'delta', serverTime: 0, values: [[1, i * 10 + j, 0, i, i]], conflated: 0 })
    await pause(10)
  }
  await pause(150)
  assert.ok(told <= (performance.now() - begin) / 100 + 2, `told ${told} times`)
  assert.equal(last, 499)
})

const device = (name: string, state: 'Running' | 'Failed') => ({
  name,
  driver: 'modbus',
  endpoint: '127.0.0.1:502',
  enabled: true,
  insecure: false,
  state,
  stateSince: '2026-11-23T10:00:00.000Z',
  reason: null,
  lastGoodAt: null,
  maintenance: null,
  tags: { total: 1, good: 1, uncertain: 0, bad: 0 },
  pollMs: { p50: null, p95: null, p99: null },
  duty: null,
})

test('devices of a later message replace those of the same name', () => {
  const store = new LiveStore()
  store.apply({ type: 'snapshot', values: [], devices: [device('a', 'Running'), device('b', 'Running')] })
  store.apply({ type: 'devices', devices: [device('b', 'Failed')] })
  assert.deepEqual(
    store.devices.map(({ name, state }) => `${name} ${state}`),
    ['a Running', 'b Failed'],
  )
})

test('a device was read when its newest good value was, however old its own view is', () => {
  const store = new LiveStore()
  const view = { ...device('press-1', 'Running'), lastGoodAt: new Date(1500).toISOString() }
  store.apply({ type: 'snapshot', values: [value(1, 'a')], devices: [view] })
  assert.equal(store.lastGoodAt(view), 1500)
  store.apply({ type: 'delta', serverTime: 0, values: [[1, 2, 0, 2000, 2000]], conflated: 0 })
  assert.equal(store.lastGoodAt(view), 2000)
  store.apply({ type: 'delta', serverTime: 0, values: [[1, 2, 0x80310000, 2000, 9000]], conflated: 0 })
  assert.equal(store.lastGoodAt(view), 2000, 'a bad read is none')
  assert.equal(store.lastGoodAt(device('other', 'Failed')), undefined)
})
