/** The receiving side under trouble: a log that is full, a disk that fails, two edges, logs that change, names that belong to others. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import { Status } from '../core/status.ts'
import { TagTable } from '../core/tags.ts'
import { batchOf, tagSettings, tagTable, typedTable, type DeliveryRig, type Row } from '../testing/delivery-rig.ts'
import { eventually } from '../testing/peers.ts'
import { ReceiverRig } from '../testing/receiver-rig.ts'

const signal = AbortSignal.timeout(60_000)
const timeout = 30_000
const counters = (from: number, to: number, tags = 1): Row[] =>
  Array.from({ length: to - from + 1 }, (_, at): Row => [1 + (at % tags), from + at])
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)

async function confirmed(edge: DeliveryRig): Promise<void> {
  const said = () => JSON.stringify(edge.runner.status())
  await eventually(() => `all is confirmed: ${said()}`, () => edge.cursor.ledger().pending === 0, 20_000) // prettier-ignore
  const { routed, delivered, pending, dropped } = edge.cursor.ledger()
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(routed, delivered + pending + lost)
}

test(
  'a log that is full takes nothing and loses nothing: the edge waits, and goes on when there is room',
  { timeout },
  async (t) => {
    const retention = { maxBytes: 60_000, policy: 'drop-newest' as const }
    const rig = await ReceiverRig.start(t, { store: { retention, segmentBytes: 4096, tailRows: 256 } })
    const cursor = await rig.store.openCursor('slow')
    const edge = rig.edge({ tags: tagTable('a/x'), runner: { batchRows: 200 } })
    const rows = Array.from({ length: 15_000 }, (_, at): Row => [1, Math.sin(at) * 1e6])
    edge.cursor.append(batchOf(rows))
    const status = () => edge.runner.status()
    await eventually('the edge says why it waits', () => /patience: its log is full and keeps what it has/.test(status().reason ?? '')) // prettier-ignore
    const { pending, dropped, state } = status()
    assert.ok(pending > 0 && state === 'Degraded')
    assert.deepEqual(dropped, {})
    const enough = new AbortController()
    const reading = (async () => {
      while (!enough.signal.aborted) {
        const got = await cursor.next(1000, enough.signal)
        const last = got instanceof SampleBatch ? got.seq!.at(-1)! : got.toSeq
        cursor.ack(last, { delivered: got instanceof SampleBatch ? got.length : 0 })
      }
    })().catch(() => undefined)
    await confirmed(edge)
    await eventually('all is read', () => cursor.ledger().pending === 0)
    enough.abort()
    await reading
    assert.equal(rig.store.info().refused, 0)
    assert.equal(edge.cursor.ledger().delivered, 15_000)
    const ledger = cursor.ledger()
    assert.equal(ledger.routed, ledger.delivered)
    assert.deepEqual(ledger.dropped, {})
    assert.equal(rig.receiver.status()[0]!.samples >= 15_000, true)
  },
)

test('a disk that fails confirms nothing; when it works again everything is there once', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const edge = rig.edge({ tags: tagTable('a/x'), runner: { batchRows: 100 } })
  edge.cursor.append(batchOf(counters(1, 300)))
  await confirmed(edge)
  rig.files.syncFault = 'EIO'
  edge.cursor.append(batchOf(counters(301, 2000)))
  await eventually('the edge says why it waits', () => /does not confirm what it has: .*EIO/.test(edge.runner.status().reason ?? ''), 10_000) // prettier-ignore
  assert.equal(edge.cursor.ledger().delivered, 300)
  rig.files.syncFault = undefined
  await confirmed(edge)
  assert.deepEqual((await rig.rows()).map(({ value }) => value), upTo(2000)) // prettier-ignore
})

test(
  'two edges at once, each with its own devices; what one sends is not taken for what the other sent',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t)
    const edges = ['edge-1', 'edge-2'].map((gateway) =>
      rig.edge({ tags: tagTable('press/a', 'press/b'), runner: { batchRows: 150 } }, { gateway }),
    )
    for (let at = 0; at < 20; at++) {
      for (const edge of edges) edge.cursor.append(batchOf(counters(at * 100 + 1, at * 100 + 100, 2)))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    for (const edge of edges) await confirmed(edge)
    for (const client of ['edge-1', 'edge-2']) {
      const rows = await rig.rows(client)
      assert.deepEqual(rows.map(({ value }) => value), upTo(2000)) // prettier-ignore
      assert.deepEqual([...new Set(rows.map(({ device }) => device))], [`${client}.press`])
    }
    const third = rig.edge({ tags: tagTable('press/a'), context: { logId: 'other' } }, { gateway: 'edge-1' })
    await eventually('a second gateway of the same name waits', () => /edge-1 is connected already .* with another log/.test(third.runner.status().reason ?? '')) // prettier-ignore
    assert.deepEqual(rig.receiver.status().map(({ name, connected, upTo }) => [name, connected, upTo]), [['edge-1', true, 2000], ['edge-2', true, 2000]]) // prettier-ignore
  },
)

test(
  'an edge with a restored data folder numbers anew under another log, and nothing is taken for known',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t)
    const first = rig.edge({ tags: tagTable('a/x') })
    first.cursor.append(batchOf(counters(1, 50)))
    await confirmed(first)
    await first.runner.stop(1000)
    const second = rig.edge({ tags: tagTable('a/x'), context: { logId: 'restored' } })
    second.cursor.append(batchOf(counters(101, 150)))
    await confirmed(second)
    const values = (await rig.rows()).map(({ value }) => value)
    assert.deepEqual(
      values,
      [...counters(1, 50), ...counters(101, 150)].map(([, value]) => value),
    )
  },
)

test('an edge that begins again from the oldest sends nothing that upstream has', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const first = rig.edge({ tags: tagTable('a/x') })
  first.cursor.append(batchOf(counters(1, 500)))
  await confirmed(first)
  await first.runner.stop(1000)
  await rig.close()
  await rig.open()
  const again = rig.edge({ tags: tagTable('a/x') })
  again.cursor.append(batchOf(counters(1, 700)))
  await confirmed(again)
  const { facts, delivered } = again.runner.status()
  assert.deepEqual([facts['had already'], facts['samples sent'], facts['upstream has up to'], delivered], [500, 200, 700, 700]) // prettier-ignore
  assert.deepEqual((await rig.rows()).map(({ value }) => value), upTo(700)) // prettier-ignore
})

test('new samples first, old ones later: stretches are known apart, and come once', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const { bifrost } = await import('../sinks/bifrost/sink.ts')
  const { sinkContext } = await import('../testing/delivery-rig.ts')
  const options = bifrost.options.parse({ host: '127.0.0.1', port: rig.port, tls: false, gateway: 'edge-1' })
  const stretches = [[101, 120], [1, 30], [121, 140], [31, 60]] as const // prettier-ignore
  for (let turn = 0; turn < 2; turn++) {
    const sink = bifrost.create(options, sinkContext({ tags: tagTable('a/x') }))
    await sink.connect(signal)
    for (const [from, to] of stretches) await sink.write(batchOf(counters(from, to), from), signal)
    assert.equal(sink.facts!()['had already'], turn * 100)
    await sink.close()
  }
  const values = (await rig.rows()).map(({ value }) => value)
  assert.deepEqual(values, stretches.flatMap(([from, to]) => counters(from, to).map(([, value]) => value))) // prettier-ignore
})

test(
  'new samples first, and many of them refused: what waits behind them is not taken for known',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t, { devices: ['edge-1.own'] })
    const { bifrost } = await import('../sinks/bifrost/sink.ts')
    const { sinkContext } = await import('../testing/delivery-rig.ts')
    const options = bifrost.options.parse({ host: '127.0.0.1', port: rig.port, tls: false, gateway: 'edge-1' })
    const open = async () => {
      const sink = bifrost.create(options, sinkContext({ tags: tagTable('a/x', 'own/y') }))
      await sink.connect(signal)
      return sink
    }
    // Of the newest every second one, and at the end runs that are longer than what is left of the backlog.
    const newest = Array.from({ length: 400 }, (_, at): Row => [1 + (at < 200 ? at % 2 : Math.floor(at / 20) % 2), 5001 + at]) // prettier-ignore
    let sink = await open()
    await assert.rejects(sink.write(batchOf(newest, 5001), signal), /will not take 200 of 400/)
    await sink.write(batchOf(counters(1, 4990), 1), signal)
    await assert.rejects(sink.write(batchOf(newest.map(([tag, value]) => [tag, Number(value) + 400]), 5401), signal), /will not take 200 of 400/) // prettier-ignore
    await sink.close()
    await rig.close()
    await rig.open()
    sink = await open()
    await assert.rejects(sink.write(batchOf(newest.map(([tag, value]) => [tag, Number(value) + 800]), 5801), signal), /will not take 200 of 400/) // prettier-ignore
    await sink.write(batchOf(counters(4991, 5000), 4991), signal)
    assert.equal(sink.facts!()['had already'], 0)
    await sink.close()
    const values = (await rig.rows()).map(({ value }) => Number(value))
    assert.deepEqual(values.filter((value) => value <= 5000), upTo(5000)) // prettier-ignore
    assert.equal(rig.receiver.status()[0]!.repeated, 0)
  },
)

test('others under its name, each with a log of its own, do not make an edge forgotten', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const { bifrost } = await import('../sinks/bifrost/sink.ts')
  const { sinkContext } = await import('../testing/delivery-rig.ts')
  const edge = rig.edge({ tags: tagTable('a/x') })
  edge.cursor.append(batchOf(counters(1, 50)))
  await confirmed(edge)
  const options = bifrost.options.parse({ host: '127.0.0.1', port: rig.port, tls: false, gateway: 'edge-1' })
  const tags = () => [...rig.store.knownTags()].length
  const before = tags()
  for (let at = 0; at < 10; at++) {
    const other = bifrost.create(options, sinkContext({ tags: tagTable('a/x'), logId: `other-${at}` }))
    await assert.rejects(other.connect(signal), /edge-1 is connected already/)
  }
  assert.equal(tags(), before)
  edge.cursor.append(batchOf(counters(51, 100)))
  await confirmed(edge)
  await edge.runner.stop(1000)
  // One by one they may connect; the eight that were here last are remembered, whatever the clock says.
  for (let at = 0; at < 7; at++) {
    const other = bifrost.create(options, sinkContext({ tags: tagTable('a/x'), logId: `other-${at}` }))
    await eventually('it may', () => other.connect(signal).then(() => true, () => false)) // prettier-ignore
    await other.close()
  }
  const again = rig.edge({ tags: tagTable('a/x') })
  again.cursor.append(batchOf(counters(1, 120)))
  await confirmed(again)
  assert.deepEqual((await rig.rows()).map(({ value }) => value), upTo(120)) // prettier-ignore
})

test(
  'few bytes that hold many: they wait outside, and nothing is told as lost that comes again',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t, { syncMs: 50, store: { retention: { maxBytes: 4_000_000 } } })
    const edge = rig.edge({ tags: typedTable(['a/text', 'string']) })
    const text = 'x'.repeat(100_000)
    let most = 0
    const timer = setInterval(() => (most = Math.max(most, rig.store.info().pendingRows)), 1)
    edge.cursor.append(batchOf(Array.from({ length: 600 }, (): Row => [1, text])))
    await confirmed(edge)
    clearInterval(timer)
    assert.ok(most < 200, `${most} texts waited for the disk`)
    assert.deepEqual([rig.store.info().refused, edge.runner.status().retries], [0, 0])
    assert.equal(rig.receiver.status()[0]!.samples, 600)
  },
)

test('an edge says nothing in the place of what upstream says of it', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t, { receive: { devices: '{device}' } })
  const tags = typedTable(['press/x', 'float64'], ['edge-1/connected', 'bool'], ['edge-1/origin/k3f9/to', 'float64'])
  const edge = rig.edge({ tags })
  edge.cursor.append(batchOf([[1, 1], [2, false], [3, 1e9], [1, 2]])) // prettier-ignore
  await confirmed(edge)
  assert.deepEqual(edge.cursor.ledger().dropped, { rejected: 2 })
  assert.match(
    readFileSync(edge.deadLetterFile, 'utf8'),
    /edge-1 is the gateway itself here: give the device another name/,
  )
  const tag = rig.store.tags.find('edge-1', 'connected')!
  assert.equal(rig.store.latest.get(tag.id).value, true)
  await edge.runner.stop(1000)
  await rig.crash(rig.files.afterKill())
  const again = rig.edge({ tags })
  again.cursor.append(batchOf([[1, 1], [2, false], [3, 1e9], [1, 2], [1, 3]])) // prettier-ignore
  await confirmed(again)
  assert.equal(rig.receiver.status()[0]!.upTo, 5)
})

test(
  'what is known of a tag follows it, is there after a restart, and names of others are refused',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t, { devices: ['edge-1.own'], receive: { maxTags: 3 } })
    const tags = new TagTable()
    tags.add({
      id: 1,
      device: 'press',
      settings: tagSettings('level', 'float32', { unit: 'm', description: 'Füllstand' }),
    })
    tags.add({ id: 2, device: 'own', settings: tagSettings('level') })
    for (const [at, name] of ['b', 'c', 'd'].entries()) tags.add({ id: 3 + at, device: 'press', settings: tagSettings(name) }) // prettier-ignore
    const edge = rig.edge({ tags })
    edge.cursor.append(batchOf([[1, 1.5], [2, 2], [3, 3], [4, 4], [5, 5]])) // prettier-ignore
    await confirmed(edge)
    assert.deepEqual(edge.cursor.ledger().dropped, { rejected: 2 })
    const letters = readFileSync(edge.deadLetterFile, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { seq: number; reason: string }) // prettier-ignore
    assert.deepEqual(letters.map(({ seq }) => seq), [2, 5]) // prettier-ignore
    assert.match(letters[0]!.reason, /a device of the name edge-1.own is configured here/)
    assert.match(letters[1]!.reason, /more than 3 tags come from edge-1: raise receive.maxTags/)
    const known = () => rig.store.tags.find('edge-1.press', 'level')?.settings
    assert.deepEqual([known()?.unit, known()?.type, known()?.description], ['m', 'float32', 'Füllstand'])

    tags.put({ id: 1, device: 'press', settings: tagSettings('level', 'float32', { unit: 'cm' }) })
    edge.cursor.append(batchOf([[1, 150]]))
    await confirmed(edge)
    assert.equal(known()?.unit, 'cm')
    await edge.runner.stop(1000)
    await rig.close()
    await rig.open()
    assert.deepEqual([known()?.unit, known()?.description], ['cm', undefined])
  },
)

test(
  'after a restart the last values are known, whatever their type, and nobody vouches for them before their gateway is back',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t)
    const tags = typedTable(['a/x', 'float64'], ['a/text', 'string'], ['a/count', 'uint64'], ['a/bad', 'float64'])
    const edge = rig.edge({ tags })
    const time = 1_732_356_000_000
    edge.cursor.append(batchOf([[1, 1, 0, time], [2, 'Füllstand', 0, time], [3, 2n ** 63n + 1n, 0, time], [4, 7, 0, time]])) // prettier-ignore
    edge.cursor.append(
      batchOf([
        [1, 2, 0, time + 1000],
        [4, undefined, 0x8000_0000, time + 1000],
      ]),
    )
    await confirmed(edge)
    await edge.runner.stop(1000)
    await rig.close()
    await rig.open()
    const { latest, tags: table } = rig.store
    const known = (name: string) => {
      const { value, status, time: at } = rig.receiver.devices.vouch('edge-1.a', latest.get(table.find('edge-1.a', name)!.id)) // prettier-ignore
      return [value, status, at]
    }
    const kept = Status.UncertainNoCommunicationLastUsableValue
    assert.deepEqual(known('x'), [2, kept, time + 1000])
    assert.deepEqual(known('text'), ['Füllstand', kept, time])
    assert.deepEqual(known('count'), [2n ** 63n + 1n, kept, time])
    assert.deepEqual(known('bad'), [7, 0x8000_0000, time])
    assert.deepEqual(latest.get(table.find('edge-1', 'connected')!.id).value, false)
    const again = rig.edge({ tags })
    await eventually('it is here', () => rig.receiver.status()[0]!.connected)
    assert.deepEqual(known('x'), [2, 0, time + 1000])
    await again.runner.stop(1000)
  },
)

test('upstream says of itself when an edge comes and goes', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const edge = rig.edge({ tags: tagTable('a/x') })
  edge.cursor.append(batchOf([[1, 1]]))
  await confirmed(edge)
  const tag = rig.store.tags.find('edge-1', 'connected')!
  assert.equal(rig.store.latest.get(tag.id).value, true)
  await edge.runner.stop(1000)
  await eventually('it is away', () => rig.store.latest.get(tag.id).value === false)
  const [one] = rig.receiver.status()
  assert.deepEqual([one!.connected, one!.logId, one!.upTo, one!.samples], [false, 'k3f9', 1, 1])
})

test('a gap is told once, however often it is told', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const cursor = await rig.store.openCursor('reader')
  for (let turn = 0; turn < 2; turn++) {
    const edge = rig.edge({ tags: tagTable('a/x') })
    edge.cursor.append(batchOf([[1, 1]]))
    edge.cursor.appendGap(10, 'retention')
    edge.cursor.append(batchOf([[1, 2]]))
    await confirmed(edge)
    await edge.runner.stop(1000)
    await rig.crash(rig.files.afterKill())
  }
  const gaps: unknown[] = []
  for await (const found of rig.store.readAfter(0))
    if (!(found instanceof SampleBatch) && found.reason !== 'unclean-stop') gaps.push([found.reason, found.samples])
  assert.deepEqual(gaps, [['retention at edge-1', 10]])
  await cursor.close()
})
