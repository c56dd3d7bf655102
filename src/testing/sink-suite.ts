/**
 * What every sink must do, run against a real far side: all value types arrive as they are, in order, each at least once with
 * the same (log, seq), through an outage; bad quality is sent; refused samples are put aside and the rest goes on.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test, type TestContext } from 'node:test'
import type { SinkType } from '../core/sink.ts'
import { Status } from '../core/status.ts'
import { TagTable } from '../core/tags.ts'
import type { DataType, Value } from '../core/value.ts'
import {
  batchOf,
  startDelivery,
  tagSettings,
  tagTable,
  typedTable,
  type DeliveryRig,
  type Row,
} from './delivery-rig.ts'
import { eventually } from './peers.ts'

/** One sample as the far side got it. */
export interface Delivered {
  readonly device: string
  readonly tag: string
  /** As JSON carries it: int64 as decimal string, bytes as base64, null for none. */
  readonly value: unknown
  readonly status: number
  readonly time: number
  readonly log: string
  readonly seq: number
  readonly historical: boolean
}

/** A lost stretch as the far side got it. */
export interface ToldGap {
  readonly fromSeq: number
  readonly toSeq: number
  readonly samples: number | null
  readonly reason: string
  /** Whose they were: `device/tag`, or device and tag apart. */
  readonly tags?: readonly (string | { readonly device: string; readonly tag: string })[] | null
}

/** A far side for one test. */
export interface SinkPeer {
  /** The sink's options, as a configuration gives them. */
  readonly options: unknown
  /** Everything that came, in order of arrival. */
  delivered(): readonly Delivered[]
  /** Lost stretches that were told. */
  gaps(): readonly ToldGap[]
  stop(): Promise<void>
  start(): Promise<void>
  /** Connections stay and nothing is answered, until what it resolves with is called. */
  standStill?(): Promise<() => unknown>
  /** The sink promises that nothing is there twice, whatever happens to the connection. */
  readonly once?: true
  /** A string value that the far side refuses for good. */
  readonly refusedValue: string
  /** Types that the far side cannot hold as they are; what becomes of them is a test of the sink's own. */
  readonly unsupported?: readonly DataType[]
}

const VALUES: readonly (readonly [DataType, Value, unknown])[] = [
  ['bool', true, true],
  ['bool', false, false],
  ['int8', -128, -128],
  ['uint32', 4_294_967_295, 4_294_967_295],
  ['float32', Math.fround(0.1), Math.fround(0.1)],
  ['float64', -1.7976931348623157e308, -1.7976931348623157e308],
  ['float64', 5e-324, 5e-324],
  ['int64', -9_223_372_036_854_775_808n, '-9223372036854775808'],
  ['uint64', 18_446_744_073_709_551_615n, '18446744073709551615'],
  [
    'string',
    'quote " backslash \\ newline \n nul \u0000 grüße 温度 🌡',
    'quote " backslash \\ newline \n nul \u0000 grüße 温度 🌡',
  ],
  ['string', '', ''],
  ['bytes', Uint8Array.of(0, 1, 254, 255), 'AAH+/w=='],
]

const NAMES = ['Kessel-ä/Füllstand', '温度/值 1', 'emoji 🌡/a+b', 'hash/#1', 'dollar/$x', 'quote"/back\\slash'] as const

/** Registers the suite for one sink; `start` gives each test a far side of its own. `skips`: title to the reason why it cannot be. */
export function sinkSuite(
  name: string,
  type: SinkType,
  start: (t: TestContext) => Promise<SinkPeer>,
  skip: string | false = false,
  skips: Readonly<Record<string, string>> = {},
): void {
  const run = (title: string, body: (t: TestContext, peer: SinkPeer) => Promise<void>) =>
    test(title, { skip: skips[title] ?? skip, timeout: 20_000 }, async (t) => body(t, await start(t)))

  describe(`sink suite: ${name}`, () => {
    run('every value type arrives as it is', everyValueType)
    run('names in any script arrive, each apart from the others', everyName)
    run('bad quality is sent with its value', badStatus)
    run('a row without value sends the last value with the new status', rowWithoutValue)
    run('a historical sample is marked', historicalSample)
    run('far side away: the queue grows visibly, drains in order, nothing is lost', throughOutage)
    run(
      'far side killed under load: nothing is lost, nothing comes twice where the sink promises that',
      killedUnderLoad,
    )
    run('far side stands still: nothing counts as delivered, nothing piles up, it goes on by itself', standingStill)
    run('a refused sample goes to the dead letters, its neighbours arrive', partialReject)
    run('a gap is told', gapIsTold)
    run('a gap says whose samples are gone', gapNamesTags)

    async function everyValueType(t: TestContext, peer: SinkPeer) {
      const values = VALUES.filter(([dataType]) => peer.unsupported?.includes(dataType) !== true)
      const tags = new TagTable()
      values.forEach(([dataType], at) =>
        tags.add({ id: at + 1, device: 'types', settings: tagSettings(`v${at}`, dataType) }),
      )
      const rig = startDelivery(t, type, peer.options, { tags })
      rig.cursor.append(batchOf(values.map(([, value], at): Row => [at + 1, value])))
      await settled(rig, peer, values.length)
      const got = new Map(peer.delivered().map((sample) => [sample.tag, sample]))
      for (const [at, [dataType, , expected]] of values.entries()) {
        assert.deepEqual(got.get(`v${at}`)?.value, expected, `${dataType} as v${at}`)
        assert.equal(got.get(`v${at}`)?.seq, at + 1)
        assert.equal(got.get(`v${at}`)?.log, 'k3f9')
        assert.equal(got.get(`v${at}`)?.time, 1_732_356_000_123)
      }
      conserved(rig, values.length)
    }

    async function everyName(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: tagTable(...NAMES) })
      rig.cursor.append(batchOf(NAMES.map((_, at): Row => [at + 1, at])))
      await settled(rig, peer, NAMES.length)
      const places = new Set(peer.delivered().map(({ device, tag }) => `${device}/${tag}`))
      assert.equal(places.size, NAMES.length)
      assert.ok(places.has('温度/值 1'), [...places].join(', '))
    }

    async function badStatus(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: tagTable('press/level') })
      const now = 1_732_356_000_123
      rig.cursor.append(batchOf([[1, 7.5, Status.UncertainLastUsableValue, now], [1, 7.5, Status.BadDeviceFailure, now + 1]])) // prettier-ignore
      await settled(rig, peer, 2)
      const got = peer.delivered().map(({ value, status }) => [value, status])
      assert.deepEqual(got, [[7.5, Status.UncertainLastUsableValue], [7.5, Status.BadDeviceFailure]]) // prettier-ignore
    }

    async function rowWithoutValue(t: TestContext, peer: SinkPeer) {
      const tags = typedTable(['press/level', 'float64'], ['press/old', 'string'], ['press/never', 'float64'])
      const rig = startDelivery(t, type, peer.options, { tags })
      rig.cursor.known.set(2, 'kept')
      const lost = Status.BadNoCommunication
      rig.cursor.append(batchOf([[1, 42], [1, undefined, lost], [2, undefined, lost], [3, undefined, lost]])) // prettier-ignore
      await settled(rig, peer, 4)
      const got = peer.delivered().map(({ tag, value, status }) => [tag, value, status])
      const expected = [['level', 42, 0], ['level', 42, lost], ['old', 'kept', lost], ['never', null, lost]] // prettier-ignore
      assert.deepEqual(got, expected)
    }

    async function historicalSample(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: tagTable('press/level') })
      rig.cursor.append(batchOf([[1, 1, 0, 1_700_000_000_000, true], [1, 2]])) // prettier-ignore
      await settled(rig, peer, 2)
      assert.deepEqual(
        peer.delivered().map(({ historical, time }) => [historical, time]),
        [[true, 1_700_000_000_000], [false, 1_732_356_000_123]], // prettier-ignore
      )
    }

    async function throughOutage(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: tagTable('a/x', 'a/y', 'b/x') })
      appendCounters(rig, 0, 500)
      await settled(rig, peer, 500)
      await peer.stop()
      appendCounters(rig, 500, 1500)
      await eventually('the state says so', () => rig.runner.status().state !== 'Running')
      const away = rig.runner.status()
      assert.equal(away.pending, 1000)
      assert.notEqual(away.reason, null)
      assert.notEqual(away.oldestPendingAgeMs, null)
      await peer.start()
      await settled(rig, peer, 1500)
      assert.equal(rig.runner.status().state, 'Running')
      assert.ok(rig.runner.status().reconnects >= 1)
      conserved(rig, 1500)
      inOrder(peer.delivered(), 1500)
    }

    async function killedUnderLoad(t: TestContext, peer: SinkPeer) {
      const tags = tagTable('a/x', 'a/y', 'b/x')
      const rig = startDelivery(t, type, peer.options, { tags, runner: { batchRows: 200 } })
      appendCounters(rig, 0, 2000)
      // At the first confirmation, while further writes are under way: turns, as a timer would come too late.
      while (rig.cursor.acks.length === 0) await new Promise((resolve) => setImmediate(resolve))
      assert.ok(rig.cursor.ledger().pending > 0)
      await peer.stop()
      appendCounters(rig, 2000, 3000)
      await peer.start()
      await settled(rig, peer, 3000)
      conserved(rig, 3000)
      inOrder(peer.delivered(), 3000)
      if (peer.once === true) assert.equal(peer.delivered().length, 3000)
    }

    async function standingStill(t: TestContext, peer: SinkPeer) {
      if (peer.standStill === undefined) return t.skip('this far side cannot be made to stand still')
      const tags = tagTable('a/x', 'a/y', 'b/x')
      const rig = startDelivery(t, type, peer.options, { tags, runner: { batchRows: 500 } })
      appendCounters(rig, 0, 300)
      await settled(rig, peer, 300)
      const goOn = await peer.standStill()
      try {
        appendCounters(rig, 300, 3300)
        await new Promise((resolve) => setTimeout(resolve, 700))
        assert.equal(rig.cursor.ledger().delivered, 300, 'what nobody has confirmed')
        assert.ok(rig.cursor.outstanding <= 500, `${rig.cursor.outstanding} samples were taken from the log`)
      } finally {
        await goOn()
      }
      await settled(rig, peer, 3300)
      assert.equal(rig.runner.status().state, 'Running')
      conserved(rig, 3300)
      inOrder(peer.delivered(), 3300)
      if (peer.once === true) assert.equal(peer.delivered().length, 3300)
    }

    async function partialReject(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: typedTable(['a/x', 'float64'], ['a/y', 'string']) })
      rig.cursor.append(batchOf([[1, 1], [2, peer.refusedValue], [1, 2], [2, 'fine']])) // prettier-ignore
      await eventually('all is settled', () => rig.cursor.ledger().pending === 0)
      await eventually('the rest arrives', () => peer.delivered().length >= 3)
      assert.deepEqual(
        peer.delivered().map(({ value }) => value),
        [1, 2, 'fine'],
      )
      const letters = readFileSync(rig.deadLetterFile, 'utf8').trim().split('\n')
      assert.equal(letters.length, 1)
      const letter = JSON.parse(letters[0]!) as { seq: number; tag: string; value: string; reason: string }
      assert.deepEqual([letter.seq, letter.tag, letter.value], [2, 'y', peer.refusedValue])
      assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
      assert.equal(rig.runner.status().state, 'Degraded')
      assert.match(rig.runner.status().reason ?? '', /1 sample was refused/)
    }

    async function gapIsTold(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: tagTable('a/x') })
      rig.cursor.append(batchOf([[1, 1]]))
      rig.cursor.appendGap(10, 'retention')
      rig.cursor.append(batchOf([[1, 2]], 1, 1_732_356_000_124))
      await settled(rig, peer, 2)
      await eventually('the gap is told', () => peer.gaps().length === 1)
      const [gap] = peer.gaps()
      assert.deepEqual([gap!.fromSeq, gap!.toSeq, gap!.samples, gap!.reason], [2, 11, 10, 'retention'])
      conserved(rig, 12)
    }

    async function gapNamesTags(t: TestContext, peer: SinkPeer) {
      const rig = startDelivery(t, type, peer.options, { tags: tagTable('a/x', 'a/y') })
      rig.cursor.append(batchOf([[1, 1]]))
      rig.cursor.appendGap(10, 'retention', [2])
      await eventually('the gap is told', () => peer.gaps().length === 1)
      const names = peer
        .gaps()[0]!
        .tags?.map((each) => (typeof each === 'string' ? each : `${each.device}/${each.tag}`))
      assert.deepEqual(names, ['a/y'])
    }
  })
}

const COUNTED_FROM = 1_732_356_000_000

/** Three tags count, one a millisecond: tag n gets each third number, so that order and loss show per tag and over all. */
function appendCounters(rig: DeliveryRig, from: number, to: number): void {
  const rows: Row[] = []
  for (let count = from; count < to; count++) rows.push([1 + (count % 3), count, Status.Good, COUNTED_FROM + count])
  rig.cursor.append(batchOf(rows))
}

async function settled(rig: DeliveryRig, peer: SinkPeer, samples: number): Promise<void> {
  const distinct = () => new Set(peer.delivered().map(({ seq }) => seq)).size
  await eventually(`${samples} samples arrive`, () => distinct() >= samples).catch((error: Error) => {
    throw new Error(`${error.message}: ${distinct()} arrived; ${JSON.stringify(rig.runner.status())}`)
  })
  await eventually('all are acknowledged', () => rig.cursor.ledger().pending === 0)
}

/** routed = delivered + pending + dropped */
function conserved(rig: DeliveryRig, routed: number): void {
  const ledger = rig.cursor.ledger()
  const dropped = Object.values(ledger.dropped).reduce((sum, count) => sum + count, 0)
  assert.equal(ledger.routed, routed)
  assert.equal(ledger.delivered + ledger.pending + dropped, routed)
}

/** Every counter arrived; a repeat has the same content; the first arrivals of each tag are in order. */
function inOrder(delivered: readonly Delivered[], count: number): void {
  const bySeq = new Map<number, Delivered>()
  const last = new Map<string, number>()
  for (const sample of delivered) {
    const known = bySeq.get(sample.seq)
    if (known !== undefined) {
      assert.deepEqual(sample, known, `seq ${sample.seq} came twice with different content`)
      continue
    }
    bySeq.set(sample.seq, sample)
    const place = `${sample.device}/${sample.tag}`
    assert.ok((sample.value as number) > (last.get(place) ?? -1), `${place} went back to ${String(sample.value)}`)
    last.set(place, sample.value as number)
  }
  assert.equal(bySeq.size, count)
}
