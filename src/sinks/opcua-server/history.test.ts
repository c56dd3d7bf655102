/** HistoryRead from a real store, by asyncua: raw values, bounds, direction, continuation points (OPC 10000-11, 6.5.3). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SampleBatch } from '../../core/batch.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import type { DataType } from '../../core/value.ts'
import { openStore } from '../../store/store.ts'
import { needsAsyncua, type PeerValue } from '../../testing/asyncua.ts'
import { tagSettings } from '../../testing/delivery-rig.ts'
import { nodeOf, startOpcuaServer } from '../../testing/opcua-server-rig.ts'
import { temporaryFolder, type Cleanup } from '../../testing/peers.ts'
import { Asks } from './worker/asks.ts'
import { MOST_SKIPPED, readPoint, writePoint } from './worker/continuation-point.ts'

const skip = needsAsyncua()
const ZERO = Date.UTC(2024, 0, 1)

const iso = (second: number): string => new Date(ZERO + second * 1000).toISOString()
const second = ({ sourceTime }: PeerValue): number => (Date.parse(sourceTime!) - ZERO) / 1000

test('a continuation point that a client made up makes nobody read a million rows', () => {
  assert.deepEqual(readPoint(writePoint({ time: ZERO, skip: MOST_SKIPPED })), { time: ZERO, skip: MOST_SKIPPED })
  assert.ok(MOST_SKIPPED <= 10_000)
  for (const skip of [MOST_SKIPPED + 1, 1_000_000, 0xffff_ffff])
    assert.equal(readPoint(writePoint({ time: ZERO, skip })), undefined)
})

test('who reads much history keeps nobody from writing', async () => {
  const asks = new Asks(() => {})
  const args = { tag: 1, from: 0, to: 1, rows: 1 }
  for (let at = 0; at < 1000; at++) void asks.ask({ what: 'history', args })
  assert.equal((await asks.ask({ what: 'history', args })).status, Status.BadResourceUnavailable)
  const write = asks.ask({ what: 'write', args: { device: 'press', tag: 'level', value: 1, user: 'ada', from: '' } })
  asks.answer({ id: 1002, status: Status.Good })
  assert.equal((await write).status, Status.Good)
})

/** A sample each 10 s from 0 s to 990 s whose value is its number; some of other types, a bad one, and one that came late. */
async function startWithHistory(t: Cleanup, options: object = {}) {
  const store = await openStore({ dir: temporaryFolder(t), clock: systemClock, log: silentLog })
  t.after(() => store.close())
  const types: [string, DataType][] = [['level', 'float64'], ['name', 'string'], ['big', 'uint64'], ['on', 'bool']] // prettier-ignore
  await store.defineTags(types.map(([name, type]) => ({ device: 'press', settings: tagSettings(name, type) })))
  const [level, name, big, on] = types.map(([tag]) => store.tags.find('press', tag)!.id)
  for (let at = 0; at < 100; at++) {
    const batch = new SampleBatch(1, ZERO + at * 10_000)
    if (at === 50) batch.push(level!, undefined, Status.BadNoCommunication)
    else batch.push(level!, at, Status.Good)
    store.append(batch)
  }
  const others = new SampleBatch(4, ZERO)
  others.push(name!, 'grüße', Status.Good)
  others.push(big!, 18_446_744_073_709_551_615n, Status.Good)
  others.push(on!, true, Status.UncertainLastUsableValue)
  others.push(level!, 0.5, Status.Good, ZERO + 5000, true)
  store.append(others)
  const context = { history: store.read, latest: store.latest }
  const rig = await startOpcuaServer(t, store.tags, { options, context })
  const client = await rig.client()
  const read = (tag: string, between: { from?: string; to?: string; max?: number; bounds?: boolean }) =>
    client.ask<{ values: PeerValue[]; calls: number }>('history', { node: nodeOf(`press/${tag}`), ...between })
  return { rig, client, read }
}

test('raw values in order of time, a late one among them; the end is not included', { skip }, async (t) => {
  const { read } = await startWithHistory(t)
  const { values, calls } = await read('level', { from: iso(0), to: iso(40) })
  assert.deepEqual(values.map((value) => [second(value), value.value]), [[0, 0], [5, 0.5], [10, 1], [20, 2], [30, 3]]) // prettier-ignore
  assert.equal(calls, 1)
  const backwards = await read('level', { from: iso(40), to: iso(0) })
  assert.deepEqual(backwards.values.map(second), [40, 30, 20, 10, 5])
})

test('other types as they are; a bad sample has its status and no value', { skip }, async (t) => {
  const { read } = await startWithHistory(t)
  const one = async (tag: string, from: number) => (await read(tag, { from: iso(from), to: iso(from + 1) })).values[0]!
  assert.deepEqual([(await one('name', 0)).value, (await one('big', 0)).value], ['grüße', '18446744073709551615'])
  const on = await one('on', 0)
  assert.deepEqual([on.value, on.type, on.status], [true, 'Boolean', 'UncertainLastUsableValue'])
  const bad = await one('level', 500)
  assert.deepEqual([bad.value, bad.status], [null, 'BadNoCommunication'])
})

test('more than an answer takes comes by continuation points, each sample once', { skip }, async (t) => {
  const { read } = await startWithHistory(t, { limits: { historyValues: 7 } })
  for (const [from, to] of [
    [0, 1000],
    [1000, -10],
  ] as const) {
    const { values, calls } = await read('level', { from: iso(from), to: iso(to) })
    assert.equal(values.length, 101)
    assert.equal(new Set(values.map(second)).size, 101)
    assert.equal(calls, 15)
  }
})

test('the last three before a time, and the first three from one on', { skip }, async (t) => {
  const { read } = await startWithHistory(t, { limits: { historyValues: 3 } })
  const first = await read('level', { from: iso(970), max: 3 })
  assert.deepEqual(first.values.map(second), [970, 980, 990])
  const last = await read('level', { to: iso(20), max: 3 })
  assert.deepEqual(last.values.map(second), [20, 10, 5, 0])
})

test('bounds: what is at both ends or next to them, where there is something; they count', { skip }, async (t) => {
  const { read } = await startWithHistory(t)
  const bounded = async (from: number, to: number, max = 0) => {
    const { values, calls } = await read('level', { from: iso(from), to: iso(to), max, bounds: true })
    return [
      values.map((value) => (value.status === 'BadBoundNotFound' ? `none ${second(value)}` : second(value))),
      calls,
    ]
  }
  assert.deepEqual(await bounded(10, 30), [[10, 20, 30], 1])
  assert.deepEqual(await bounded(12, 28), [[10, 20, 30], 1])
  assert.deepEqual(await bounded(28, 12), [[30, 20, 10], 1])
  assert.deepEqual(await bounded(-5, 7), [['none -5', 0, 5, 10], 1])
  assert.deepEqual(await bounded(985, 2000), [[980, 990, 'none 2000'], 1])
  assert.deepEqual(await bounded(12, 28, 2), [[10, 20, 30], 2])
})

test('without `history` nobody reads it, and the access level says so', { skip }, async (t) => {
  const { read, client } = await startWithHistory(t, { history: false })
  await assert.rejects(read('level', { from: iso(0), to: iso(40) }), /BadHistoryOperationUnsupported|BadNotReadable/)
  const [access] = await client.ask<PeerValue[]>('read', { nodes: [nodeOf('press/level')], attribute: 'AccessLevel' })
  assert.equal(access!.value, 1)
})
