/** Gaps that are filled from a server's own history (asyncua): exact values, statuses and times, each once. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { silentLog, type Log } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import type { TagSketch } from '../../testing/gateway-fixture.ts'
import { needsAsyncua, startAsyncuaServer, type AsyncuaServer } from '../../testing/asyncua.ts'
import { startFaultyServer } from '../../testing/opcua-faulty-server.ts'
import { startOpcuaRig } from '../../testing/opcua-rig.ts'
import { eventually, needs, temporaryFolder } from '../../testing/peers.ts'

const skip = needsAsyncua()
const plant = 'nsu=urn:bifrost:test:plant;s='
const LIVE = { name: 'live', address: `${plant}History/Live`, type: 'float64' } as const
const OLD = { name: 'old', address: `${plant}Scalars/Int32`, type: 'int32' } as const
const LEVEL = { name: 'level', address: `${plant}History/Level`, type: 'float64' } as const

/** What the gateway says. */
function listener() {
  const said: string[] = []
  const write = (_fields: object, sentence: string) => void said.push(sentence)
  const log: Log = { ...silentLog, info: write, warn: write, child: () => log }
  return { said, log }
}

/** A gap from the value 100 to the value 999 of History/Level, with what else the test does while it lasts. */
async function gapOf(
  t: TestContext,
  settings: object,
  tags: readonly TagSketch[],
  meanwhile?: (server: AsyncuaServer) => unknown,
) {
  const server = await startAsyncuaServer(t, {
    history: { values: 1000, periodMs: 1000, maxPerReply: 70 },
    ...settings,
  })
  // The last value of the history is what the node holds.
  const { sourceTime } = await server.ask<{ sourceTime: string }>('get', { node: 'History/Level' })
  const time = new Date(Date.parse(sourceTime) - 899_000).toISOString()
  await server.ask('set', { node: 'History/Level', value: 100, sourceTime: time })
  await server.ask('set', { node: 'Scalars/Int32', value: 7, sourceTime: time })
  const { said, log } = listener()
  const rig = await startOpcuaRig(t, server.url, tags, { history: true }, 100, { log })
  for (const { name } of tags) await rig.see(name, 'the first value', ({ value }) => value !== undefined)
  await server.ask('stop')
  await server.ask('set', { node: 'History/Level', value: 1000 })
  await meanwhile?.(server)
  await server.ask('start')
  await rig.see('level', 'the value of now', ({ value }) => value === 1000, 15_000)
  return { server, rig, said, past: () => rig.rows('level').filter(({ historical }) => historical) }
}

test(
  'what a server recorded while the connection was lost comes afterwards, marked, and nothing twice',
  { skip },
  async (t) => {
    const server = await startAsyncuaServer(t)
    const rig = await startOpcuaRig(t, server.url, [LIVE], { history: true })
    const minuteAgo = Date.now() - 60_000
    const set = (value: number, ms: number, status = 'Good') =>
      server.ask('set', { node: 'History/Live', value, status, sourceTime: new Date(minuteAgo + ms).toISOString() })
    await rig.see('live', 'the first value', ({ value }) => value === 0)
    await set(1, 250)
    await rig.see('live', 'one', ({ value }) => value === 1)
    await server.ask('stop')
    await set(2, 1000)
    await set(3, 2500, 'UncertainSensorNotAccurate')
    await set(4, 3000)
    await set(5, 4000)
    await server.ask('start')
    await rig.see('live', 'the value of now', ({ value }) => value === 5, 15_000)
    await eventually('the gap is filled', () => rig.device.stats.backfilled === 3)
    const rows = rig.rows('live').filter(({ value }) => value !== undefined && value !== 0)
    const shown = rows.map(({ value, status, time, historical }) => [value, status, time - minuteAgo, historical])
    assert.deepEqual(shown, [
      [1, Status.Good, 250, false],
      [5, Status.Good, 4000, false],
      [2, Status.Good, 1000, true],
      [3, Status.UncertainSensorNotAccurate, 2500, true],
      [4, Status.Good, 3000, true],
    ])
    assert.equal(rig.gateway.store.latest.get(rig.device.points[0]!.tag).value, 5)
  },
)

test(
  'a long gap comes in pages, within what the server bears, in order, with the status of each',
  { skip },
  async (t) => {
    const { rig, said, past } = await gapOf(t, {}, [LEVEL])
    await eventually('the gap is filled', () => said.some((line) => line.startsWith('Back-filled')))
    const values = past().map(({ value }) => value)
    assert.equal(values[0], 101)
    assert.deepEqual(values, Array.from({ length: 899 }, (_, at) => 101 + at)) // prettier-ignore
    const statuses = past().filter(({ status }) => status !== Status.Good)
    assert.deepEqual(statuses.map(({ value, status }) => [value, status]), [199, 299, 399, 499, 599, 699, 799, 899, 999].map((value) => [value, Status.UncertainLastUsableValue])) // prettier-ignore
    assert.ok(past().every(({ time }, at, all) => at === 0 || Math.abs(time - all[at - 1]!.time - 1000) <= 1))
    assert.match(said.find((line) => line.startsWith('Back-filled'))!, /^Back-filled ua from \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC to .* UTC: 899 samples of 1 point\.$/) // prettier-ignore
    assert.equal(rig.device.stats.backfilled, 899)
  },
)

test('nodes one at a time, where the server bears no more', { skip }, async (t) => {
  const { rig, past } = await gapOf(t, { limits: { MaxNodesPerHistoryReadData: 1 } }, [
    LEVEL,
    { ...LEVEL, name: 'again' },
    OLD,
  ])
  await eventually('the gap is filled', () => rig.device.stats.backfilled === 899 * 2)
  assert.deepEqual(past().map(({ value }) => value), rig.rows('again').filter(({ historical }) => historical).map(({ value }) => value)) // prettier-ignore
})

test('a point without a history is said once and not asked for again', { skip: needs('openssl') }, async (t) => {
  const server = await startFaultyServer(t)
  const { said, log } = listener()
  const tags = [{ name: 'count', address: 'ns=2;s=Counters/0', type: 'float64' }] as const
  const rig = await startOpcuaRig(t, server.url, tags, { history: true }, 100, { log })
  await rig.see('count', 'the first value', ({ value }) => value !== undefined)
  const asked = async () => (await server.ask<{ HistoryRead?: number }>('asked')).HistoryRead
  for (const round of [1, 2]) {
    rig.forget()
    await server.ask('restart')
    await rig.see('count', `a value, round ${round}`, ({ value }) => value !== undefined, 15_000)
    // The server counts before it answers: a restart in between would have it asked again, rightly.
    await eventually('its answer was taken', () => said.some((line) => line.includes('cannot be read')))
    assert.equal(await asked(), 1)
  }
  await rig.see('count', 'values go on', ({ value }) => value !== rig.rows('count').find((row) => row.value !== undefined)?.value) // prettier-ignore
  assert.equal(await asked(), 1)
  assert.deepEqual(
    said.filter((line) => line.includes('cannot be read')),
    [
      'The history of 1 point of ua cannot be read, the first is count: BadHistoryOperationUnsupported. Their gaps stay.',
    ],
  )
})

test('over a restart of the gateway the gap is known from the log', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const folder = temporaryFolder(t)
  const before = await startOpcuaRig(t, server.url, [LIVE], { history: true }, 100, { folder })
  await server.ask('set', { node: 'History/Live', value: 1 })
  await before.see('live', 'one', ({ value }) => value === 1)
  await before.gateway.stop()
  const now = Date.now()
  for (const value of [2, 3, 4])
    await server.ask('set', { node: 'History/Live', value, sourceTime: new Date(now + value).toISOString() })
  const after = await startOpcuaRig(t, server.url, [LIVE], { history: true }, 100, { folder })
  await eventually('the gap is filled', () => after.device.stats.backfilled === 2)
  const rows = after.rows('live').flatMap(({ value, historical }) => (value === undefined ? [] : [[value, historical]]))
  assert.deepEqual(rows, [[4, false], [2, true], [3, true]]) // prettier-ignore
})

test(
  'a connection that is lost while a gap is being filled costs nothing, and nothing comes twice',
  { skip },
  async (t) => {
    const slow = { service: 'HistoryRead', delayMs: 200 }
    const { server, past, said } = await gapOf(t, {}, [LEVEL], async (peer) => {
      await peer.ask('fault', slow)
    })
    await eventually('some of it', () => past().length >= 140 && past().length < 700)
    await server.ask('drop', { forget: true })
    await eventually('all of it', () => past().length >= 899, 20_000)
    await eventually('the gap is filled', () => said.some((line) => line.startsWith('Back-filled')), 20_000)
    assert.deepEqual(past().map(({ value }) => value), Array.from({ length: 899 }, (_, at) => 101 + at)) // prettier-ignore
  },
)

test('unless it is asked for no history is read', { skip }, async (t) => {
  const server = await startAsyncuaServer(t)
  const rig = await startOpcuaRig(t, server.url, [LIVE])
  await rig.see('live', 'the first value', ({ value }) => value === 0)
  await server.ask('stop')
  for (const value of [1, 2]) await server.ask('set', { node: 'History/Live', value })
  await server.ask('start')
  await rig.see('live', 'the value of now', ({ value }) => value === 2, 15_000)
  await server.ask('set', { node: 'History/Live', value: 3 })
  await rig.see('live', 'the next value', ({ value }) => value === 3)
  assert.deepEqual(rig.rows('live').filter(({ historical }) => historical), []) // prettier-ignore
})

test(
  'a server that runs out of continuation points, or finds a request too large, is asked for less',
  { skip },
  async (t) => {
    const again = { ...LEVEL, name: 'again', address: `poll ${LEVEL.address}` }
    const { rig, past, said } = await gapOf(t, {}, [LEVEL, again, OLD], async (peer) => {
      const history = (rule: object) => peer.ask('fault', { service: 'HistoryRead', times: 1, ...rule })
      await history({ delayMs: 1 })
      await history({ itemStatus: 'BadContinuationPointInvalid' })
      await history({ delayMs: 1 })
      await history({ itemStatus: 'BadNoContinuationPoints' })
    })
    await eventually('the gap is filled', () => said.some((line) => line.startsWith('Back-filled')), 20_000)
    const all = Array.from({ length: 899 }, (_, i) => 101 + i)
    const values = past().map(({ value }) => value)
    assert.deepEqual(values, all)
    const polled = rig.rows('again').filter(({ historical }) => historical)
    assert.deepEqual(
      polled.map(({ value }) => value),
      all,
    )
  },
)
