/** The runner against a scripted far side, under a clock that the test moves: each line of the decision table. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { SampleBatch } from '../core/batch.ts'
import { BusyError, GatewayError, NotConnectedError, PartialWriteError } from '../core/errors.ts'
import { silentLog, type Log } from '../core/log.ts'
import { batchOf, startRunner, tagTable, type DeliveryRig, type RigOptions } from '../testing/delivery-rig.ts'
import { eventually } from '../testing/peers.ts'
import { ScriptedSink } from '../testing/scripted-sink.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'

interface Rig extends Omit<DeliveryRig, 'latest'> {
  readonly sink: ScriptedSink
  readonly clock: VirtualClock
  readonly lines: string[]
}

function start(t: TestContext, prepare: (sink: ScriptedSink) => void = () => undefined, more: RigOptions = {}): Rig {
  const sink = new ScriptedSink()
  prepare(sink)
  const clock = new VirtualClock()
  const lines: string[] = []
  const log: Log = { ...silentLog, info: tell(lines), warn: tell(lines), error: tell(lines) }
  const tags = tagTable('press/count')
  const rig = startRunner(t, sink, { tags, clock, log, ...more })
  return { ...rig, sink, clock, lines }
}

const tell = (lines: string[]) => (_fields: object, sentence: string) => void lines.push(sentence)
const count = (rig: Rig, from: number, to: number) =>
  rig.cursor.append(batchOf(Array.from({ length: to - from }, (_, at) => [1, from + at] as const)))
const upTo = (end: number) => Array.from({ length: end }, (_, at) => at)

/** Files take real time, which the virtual clock does not wait for. */
const untilSettled = (rig: Rig) => eventually('nothing is pending', () => rig.cursor.ledger().pending === 0)

test('rows are written in order and acknowledged, at most a batch at a time', async (t) => {
  const rig = start(t, undefined, { runner: { batchRows: 10 } })
  count(rig, 0, 25)
  await settle()
  assert.deepEqual(rig.sink.taken, upTo(25))
  assert.deepEqual(rig.sink.attempts, [10, 10, 5])
  assert.deepEqual(rig.cursor.acks, [10, 20, 25])
  assert.equal(rig.runner.status().state, 'Running')
  assert.equal(rig.runner.status().writes, 3)
  assert.equal(rig.runner.status().writeSeconds.count, 3)
})

test('a change reaches an idle sink without any timer', async (t) => {
  const rig = start(t)
  await settle()
  assert.equal(rig.clock.pending, 0, 'an idle runner waits for no clock')
  count(rig, 0, 1)
  await settle()
  assert.deepEqual(rig.sink.taken, [0])
})

test('connection lost in a write: pause, connect again, the same batch', async (t) => {
  const rig = start(t, (sink) => sink.writeErrors.push(new NotConnectedError('broker is gone')))
  count(rig, 0, 3)
  await settle()
  const away = rig.runner.status()
  assert.deepEqual([away.state, away.reason, away.pending], ['Connecting', 'broker is gone', 3])
  await rig.clock.advance(1000)
  assert.deepEqual(rig.sink.taken, upTo(3))
  assert.deepEqual([rig.sink.connects, rig.runner.status().reconnects, rig.runner.status().retries], [2, 1, 1])
  assert.equal(rig.runner.status().state, 'Running')
})

test('pauses grow while the far side is away, and are short again after a success', async (t) => {
  const rig = start(t, (sink) => {
    for (let i = 0; i < 8; i++) sink.connectErrors.push(new NotConnectedError('refused'))
  }, { runner: { pause: { firstMs: 100, maxMs: 800 }, random: () => 1 } }) // prettier-ignore
  const at: number[] = []
  for (let ms = 0; rig.sink.connects < 9; ms += 50) {
    while (at.length < rig.sink.connects) at.push(ms)
    await rig.clock.advance(50)
  }
  const pauses = at.slice(1).map((time, n) => time - at[n]!)
  assert.deepEqual(pauses.slice(1), [200, 400, 800, 800, 800, 800])
  const told = rig.lines.filter((line) => line.includes('refused'))
  assert.deepEqual(told, ['sink is Connecting: refused', 'sink is Failed: refused'], 'each state is logged once')
})

test('a far side that is away: Connecting at first, Failed from the third attempt in a row, and still trying', async (t) => {
  const rig = start(t, (sink) => {
    for (let i = 0; i < 6; i++) sink.connectErrors.push(new NotConnectedError('refused'))
  }, { runner: { pause: { firstMs: 100, maxMs: 800 }, random: () => 1 } }) // prettier-ignore
  count(rig, 0, 3)
  const states: string[] = []
  while (rig.sink.connects < 7) {
    await settle()
    states[rig.sink.connects] = `${rig.runner.status().state} ${rig.runner.status().reason}`
    await rig.clock.advance(10)
  }
  assert.deepEqual(states.slice(1, 7), [
    'Connecting refused',
    'Connecting refused',
    ...Array.from({ length: 4 }, () => 'Failed refused'),
  ])
  await settle()
  assert.deepEqual([rig.runner.status().state, rig.runner.status().reason], ['Running', null])
  assert.deepEqual(rig.sink.taken, upTo(3))
})

test('a far side that takes connections and cuts every write stays Failed until a write succeeds', async (t) => {
  const rig = start(t, (sink) => {
    for (let i = 0; i < 6; i++) sink.writeErrors.push(new NotConnectedError('cut'))
  }, { runner: { pause: { firstMs: 100, maxMs: 800 }, random: () => 1 } }) // prettier-ignore
  count(rig, 0, 1)
  await rig.clock.advance(10_000)
  assert.deepEqual(rig.sink.taken, [0])
  assert.equal(rig.runner.status().state, 'Running')
  const failed = rig.lines.slice(rig.lines.indexOf('sink is Failed: cut'))
  assert.deepEqual(
    failed.map((line) => /^sink is (\w+)/.exec(line)?.[1]),
    ['Failed', 'Failed', 'Running'],
    rig.lines.join('\n'),
  )
})

test('an idle connection that is lost is made again at once, and shown', async (t) => {
  const rig = start(t)
  await settle()
  rig.sink.breakConnection('the broker closed the connection')
  await settle()
  assert.equal(rig.runner.status().state, 'Connecting')
  assert.equal(rig.runner.status().reason, 'the broker closed the connection')
  await rig.clock.advance(50)
  assert.equal(rig.runner.status().state, 'Running')
  assert.equal(rig.sink.connects, 2)
})

test('busy: waits as long as it is told, then the same batch', async (t) => {
  const rig = start(t, (sink) => sink.writeErrors.push(new BusyError('quota exceeded', 5000)))
  count(rig, 0, 2)
  await rig.clock.advance(4900)
  assert.deepEqual([rig.runner.status().state, rig.sink.attempts], ['Degraded', [2]])
  await rig.clock.advance(200)
  assert.deepEqual(rig.sink.taken, upTo(2))
  assert.deepEqual([rig.runner.status().state, rig.sink.connects], ['Running', 1])
})

test('wrong credentials: red, nothing dropped, and it goes on by itself when they are right', async (t) => {
  const refused = new GatewayError('SINK_REFUSED', 'broker refused user "x": wrong password')
  const rig = start(t, (sink) => sink.connectErrors.push(refused, refused))
  count(rig, 0, 2)
  await settle()
  assert.deepEqual([rig.runner.status().state, rig.runner.status().reason], ['Failed', refused.message])
  await rig.clock.advance(10_000)
  assert.deepEqual(rig.sink.taken, upTo(2))
  assert.deepEqual(rig.cursor.ledger().dropped, {})
  assert.deepEqual(rig.lines.filter((line) => line.includes('Failed')).length, 1)
})

test('a part is refused: those rows are dead letters, the rest is delivered, yellow for a minute', async (t) => {
  const rig = start(t, (sink) => sink.writeErrors.push(new PartialWriteError('1 refused', new Map([[1, 'too long']]))))
  count(rig, 0, 3)
  await untilSettled(rig)
  const { routed, delivered, dropped, state } = rig.runner.status()
  assert.deepEqual({ routed, delivered, dropped, state }, { routed: 3, delivered: 2, dropped: { rejected: 1 }, state: 'Degraded' }) // prettier-ignore
  const letter = JSON.parse(readFileSync(rig.deadLetterFile, 'utf8')) as Record<string, unknown>
  assert.deepEqual([letter.seq, letter.reason, letter.device, letter.tag, letter.value, letter.log], [2, 'too long', 'press', 'count', 1, 'k3f9']) // prettier-ignore
  await rig.clock.advance(61_000)
  assert.equal(rig.runner.status().state, 'Running')
})

test('a batch refused for good goes to the dead letters whole, and delivery goes on', async (t) => {
  const rig = start(t, (sink) => sink.writeErrors.push(new GatewayError('SINK_REJECTED', 'no such table')))
  count(rig, 0, 3)
  await untilSettled(rig)
  count(rig, 3, 5)
  await untilSettled(rig)
  assert.deepEqual(rig.sink.taken, [3, 4])
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 3 })
})

test('a poison row is bisected into the dead letters after five identical unknown failures; the rest goes on', async (t) => {
  const rig = start(t, (sink) => (sink.judge = poison(137)))
  count(rig, 0, 300)
  for (let i = 0; i < 200 && rig.cursor.ledger().pending > 0; i++) {
    await rig.clock.advance(100)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.deepEqual(rig.sink.attempts.slice(0, 6), [300, 300, 300, 300, 300, 150])
  assert.deepEqual(rig.sink.taken, upTo(300).filter((value) => value !== 137)) // prettier-ignore
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
  const letter = JSON.parse(readFileSync(rig.deadLetterFile, 'utf8')) as { value: number; reason: string }
  assert.deepEqual([letter.value, letter.reason], [137, 'cannot encode'])
})

test('unknown failures that go away cost nothing', async (t) => {
  const rig = start(t, (sink) => sink.writeErrors.push(new Error('odd'), new Error('odd'), new Error('odd'), new Error('odd'))) // prettier-ignore
  count(rig, 0, 3)
  await rig.clock.advance(5000)
  assert.deepEqual([rig.sink.taken, rig.sink.attempts], [upTo(3), [3, 3, 3, 3, 3]])
  assert.deepEqual(rig.cursor.ledger().dropped, {})
})

test('lost connections between identical failures do not hide a poison row', async (t) => {
  const rig = start(t, (sink) => {
    let turn = 0
    sink.judge = (batch) => {
      if (turn++ % 2 === 1) throw new NotConnectedError('closed')
      poison(1)(batch)
    }
  })
  count(rig, 0, 4)
  for (let i = 0; i < 200 && rig.cursor.ledger().pending > 0; i++) {
    await rig.clock.advance(200)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.deepEqual(rig.cursor.ledger().dropped, { rejected: 1 })
  assert.deepEqual(rig.sink.taken, [0, 2, 3])
})

test('a sample that makes the far side cut the connection is named, not dropped; those before it get past', async (t) => {
  const cuts = (batch: SampleBatch) => {
    for (let row = 0; row < batch.length; row++)
      if (batch.value[row] === 5) throw new NotConnectedError('connection reset')
  }
  const rig = start(t, (sink) => (sink.judge = cuts))
  count(rig, 0, 20)
  for (let i = 0; i < 100; i++) await rig.clock.advance(200)
  assert.deepEqual(rig.sink.taken, upTo(5))
  assert.deepEqual([rig.cursor.ledger().pending, rig.cursor.ledger().dropped], [15, {}])
  assert.equal(rig.runner.status().state, 'Failed')
  assert.match(
    rig.runner.status().reason ?? '',
    /each time the sample with sequence number 6 is sent \(connection reset\)\. Nothing is dropped, and it is tried on/,
  )
  rig.sink.judge = () => undefined
  await rig.clock.advance(1000)
  assert.deepEqual([rig.sink.taken, rig.runner.status().state], [upTo(20), 'Running'])
})

test('dead letters that cannot be written hold everything: nothing is acknowledged', async (t) => {
  const sink = new ScriptedSink()
  sink.judge = () => Promise.reject(new GatewayError('SINK_REJECTED', 'no'))
  const deadLetters = { ...NO_LETTERS, add: () => Promise.reject(new Error('no space left on device')) }
  const blocked = startRunner(t, sink, { clock: new VirtualClock(), runner: { deadLetters } })
  blocked.cursor.append(batchOf([[1, 1]]))
  await settle()
  assert.equal(blocked.runner.status().state, 'Failed')
  assert.match(blocked.runner.status().reason ?? '', /no space left on device/)
  assert.deepEqual([blocked.cursor.ledger().pending, blocked.cursor.acks], [1, []])
})

test('a gap is told and acknowledged; its samples are in the ledger already', async (t) => {
  const rig = start(t)
  count(rig, 0, 1)
  rig.cursor.appendGap(7, 'retention')
  count(rig, 1, 2)
  await settle()
  assert.deepEqual(rig.sink.gaps.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]), [[2, 8]]) // prettier-ignore
  assert.deepEqual(rig.cursor.acks, [1, 8, 9])
  const { routed, delivered, dropped } = rig.runner.status()
  assert.deepEqual({ routed, delivered, dropped }, { routed: 9, delivered: 2, dropped: { retention: 7 } })
})

test('what was let go is never said to be delivered: purged, refused, or in a gap', async (t) => {
  const rig = start(t, (sink) => sink.writeErrors.push(new NotConnectedError('away')))
  const fates = () => [1, 2, 3, 4].map((seq) => rig.runner.fateOf(seq))
  count(rig, 0, 1)
  await settle()
  assert.equal(rig.runner.fateOf(1), 'waits')
  rig.runner.purge()
  await rig.clock.advance(1000)
  assert.equal(rig.runner.fateOf(1), 'settled')
  count(rig, 1, 2)
  await settle()
  assert.equal(rig.runner.fateOf(2), 'delivered')
  rig.cursor.appendGap(1, 'retention')
  count(rig, 3, 4)
  await settle()
  assert.deepEqual(fates(), ['settled', 'settled', 'settled', 'delivered'])
})

test('stop finishes the write in flight, then closes the sink, then the cursor', async (t) => {
  let finish = () => {}
  const rig = start(t, (sink) => (sink.judge = () => new Promise<void>((resolve) => (finish = resolve))))
  count(rig, 0, 2)
  await settle()
  const stopped = rig.runner.stop(5000)
  await settle()
  assert.deepEqual([rig.sink.closed, rig.cursor.closed], [0, false])
  finish()
  await stopped
  assert.deepEqual([rig.sink.closed, rig.cursor.closed, rig.cursor.acks], [1, true, [2]])
  assert.deepEqual([rig.runner.status().state, rig.runner.status().reason], ['Disabled', 'stopped'])
})

test('stop waits no longer than its deadline; what was in flight stays pending', async (t) => {
  let finish = () => {}
  const rig = start(t, (sink) => (sink.judge = () => new Promise<void>((resolve) => (finish = resolve))))
  count(rig, 0, 2)
  await settle()
  const stopped = rig.runner.stop(3000)
  await rig.clock.advance(3000)
  await stopped
  finish()
  await settle()
  assert.deepEqual([rig.cursor.closed, rig.cursor.acks, rig.cursor.ledger().pending], [true, [], 2])
})

test('a refusal during stop leaves no timer behind', async (t) => {
  let refuse = () => {}
  const rig = start(t, (sink) => (sink.judge = () => new Promise<void>((_, reject) => (refuse = () => reject(new GatewayError('SINK_REJECTED', 'no')))))) // prettier-ignore
  count(rig, 0, 1)
  await settle()
  const stopped = rig.runner.stop(5000)
  await settle()
  refuse()
  await stopped
  assert.deepEqual([rig.clock.pending, rig.cursor.acks], [0, [1]])
})

test('a disabled sink sends nothing and says so', async (t) => {
  const rig = start(t, undefined, { runner: { enabled: false } })
  count(rig, 0, 2)
  await settle()
  assert.deepEqual([rig.sink.connects, rig.runner.status().state, rig.runner.status().pending], [0, 'Disabled', 2])
  assert.equal(existsSync(rig.deadLetterFile), false)
})

const poison = (bad: number) => (batch: SampleBatch) => {
  for (let row = 0; row < batch.length; row++) if (batch.value[row] === bad) throw new Error('cannot encode')
}

const NO_LETTERS = {
  written: 0,
  overwrittenBytes: 0,
  file: '',
  list: () => Promise.resolve([]),
  takeAll: () => Promise.resolve(undefined),
  purge: () => Promise.resolve(0),
  close: () => Promise.resolve(),
}
