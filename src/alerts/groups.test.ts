/** What a receiver is told and when: one message for a fleet, changes by interval, repeats, what is over, and a queue that is full. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Severity } from '../core/alerts.ts'
import type { Alert } from './evaluator.ts'
import { Groups, MOST_ALERTS } from './groups.ts'
import { subjectOf, type Message } from './message.ts'

const TIMES = { groupWaitMs: 30_000, groupIntervalMs: 300_000, repeatIntervalMs: 14_400_000 }
const RECEIVER = { severities: ['critical', 'warning'] as readonly Severity[], sendResolved: true }

const alertOf = (id: string, more: Partial<Alert> = {}): Alert => ({ id, alert: 'BifrostDeviceDownLong', severity: 'warning', labels: { device: id }, summary: id, next: '', isEvent: false, state: 'firing', since: 0, endedAt: undefined, silence: undefined, ...more }) // prettier-ignore

function rig(groups = new Groups()) {
  const sent: Message[] = []
  const lost: Alert[] = []
  let waits = false
  const queue = {
    isFull: false,
    holds: (group: string) => waits && sent.some((message) => message.group === group),
    add: (message: Message) => void sent.push(message),
    lose: (alert: Alert) => void lost.push(alert),
  }
  return {
    groups,
    sent,
    lost,
    queue,
    keepWaiting: () => (waits = true),
    look: (now: number, alerts: readonly Alert[], over: readonly Alert[] = []) =>
      groups.look(alerts, over.map((one) => ({ ...one, state: 'resolved' as const, endedAt: now })), RECEIVER, TIMES, now, queue), // prettier-ignore
    told: () => sent.map(({ alerts, truncated }) => `${alerts.map(({ id, state }) => (state === 'resolved' ? `-${id}` : id)).join(' ')}${truncated > 0 ? ` +${truncated}` : ''}`), // prettier-ignore
  }
}

test('200 devices that go down within the wait are one message', () => {
  const { look, sent } = rig()
  const fleet = Array.from({ length: 200 }, (_, at) => alertOf(`d${at}`))
  look(0, fleet.slice(0, 1))
  look(15_000, fleet.slice(0, 120))
  assert.equal(sent.length, 0, 'it waits for more')
  look(30_000, fleet)
  look(45_000, fleet)
  assert.equal(sent.length, 1)
  assert.deepEqual([sent[0]!.alerts.length, sent[0]!.truncated], [MOST_ALERTS, 200 - MOST_ALERTS])
})

test('changes come once an interval, what is over with them, and what goes on is repeated', () => {
  const { look, told } = rig()
  const [a, b] = [alertOf('a'), alertOf('b')]
  look(0, [a])
  look(30_000, [a])
  look(45_000, [a, b])
  look(329_000, [a, b])
  assert.deepEqual(told(), ['a'], 'not twice within the interval')
  look(330_000, [b], [a])
  look(330_000 + 14_399_000, [b])
  assert.deepEqual(told(), ['a', 'b -a'])
  look(330_000 + 14_400_000, [b])
  assert.deepEqual(told().slice(2), ['b'], 'repeated')
  look(330_000 + 14_400_000 + 300_000, [], [b])
  assert.deepEqual(told().slice(3), ['-b'])
  look(330_000 + 14_400_000 + 315_000, [])
  assert.equal(told().length, 4)
})

test('one that fails while many come back is in the message, which does not say that all is over', () => {
  const { look, sent } = rig()
  const fleet = Array.from({ length: 80 }, (_, at) => alertOf(`d${at}`))
  look(0, fleet)
  look(30_000, fleet)
  const fresh = alertOf('fresh')
  look(330_000, [fleet[0]!, fresh], fleet.slice(1))
  assert.deepEqual(sent[1]!.alerts.slice(0, 3).map(({ id, state }) => [id, state]), [['fresh', 'firing'], ['d0', 'firing'], ['d1', 'resolved']]) // prettier-ignore
  assert.equal(subjectOf(sent[1]!, { name: 'edge-7', page: '' }), '[FIRING:2] BifrostDeviceDownLong (warning) at edge-7') // prettier-ignore
})

test('one that comes again before anybody was told that it was over is not told twice', () => {
  const { look, told } = rig()
  const a = alertOf('a')
  look(0, [a])
  look(30_000, [a])
  look(60_000, [], [a])
  look(90_000, [a])
  look(400_000, [a])
  assert.deepEqual(told(), ['a'])
})

test('what is silent is told when the silence ends; what is over meanwhile is told to who knew', () => {
  const { look, told } = rig()
  const [a, b] = [alertOf('a'), alertOf('b')]
  look(0, [a])
  look(30_000, [a])
  const silent = { silence: 'maintenance' }
  look(400_000, [
    { ...a, ...silent },
    { ...b, ...silent },
  ])
  look(800_000, [{ ...b, ...silent }], [{ ...a, ...silent }])
  assert.deepEqual(told(), ['a', '-a'])
  look(1_200_000, [b])
  look(1_230_000, [b])
  assert.deepEqual(told(), ['a', '-a', 'b'])
})

test('other severities, and events that are over, are told to nobody', () => {
  const { look, told } = rig()
  const event = alertOf('e', { alert: 'BifrostUncleanStop', isEvent: true })
  look(0, [alertOf('i', { severity: 'info' }), event])
  look(30_000, [event])
  look(400_000, [], [event])
  assert.deepEqual(told(), ['e'])
})

test('a full queue keeps what is new for later; only what comes and goes meanwhile is lost, and counted', () => {
  const { look, told, queue, lost } = rig()
  const [a, b] = [alertOf('a'), alertOf('b', { alert: 'BifrostSinkDown' })]
  queue.isFull = true
  look(0, [a, b])
  look(30_000, [a, b])
  look(60_000, [a], [b])
  assert.deepEqual([told(), lost.map(({ id }) => id)], [[], ['b']])
  queue.isFull = false
  look(90_000, [a])
  assert.deepEqual(told(), ['a'])
})

test('what still waits in the queue is not repeated', () => {
  const { look, told, keepWaiting } = rig()
  keepWaiting()
  look(0, [alertOf('a')])
  look(30_000, [alertOf('a')])
  look(30_000 + 2 * 14_400_000, [alertOf('a')])
  assert.deepEqual(told(), ['a'])
})

test('after a restart nobody is told again, and what is over is told', () => {
  const first = rig()
  first.look(0, [alertOf('a')])
  first.look(30_000, [alertOf('a')])
  const second = rig(new Groups(JSON.parse(JSON.stringify(first.groups.kept())) as ReturnType<Groups['kept']>))
  second.look(60_000, [alertOf('a')])
  assert.deepEqual(second.told(), [])
  second.look(400_000, [], [alertOf('a')])
  assert.deepEqual(second.told(), ['-a'])
})

test('a clock that was set back keeps nothing from being told', () => {
  const { look, told } = rig()
  look(10_000_000, [alertOf('a')])
  look(10_030_000, [alertOf('a')])
  look(0, [alertOf('a'), alertOf('b')])
  // By their times the new one is the older.
  assert.deepEqual(told(), ['a', 'b a'])
})
