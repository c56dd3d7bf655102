/** Every local alert fires by its fact, after its time, and not without; silence, events, and a fleet beyond the bound. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluator, MOST_OF_A_RULE, type Alert } from './evaluator.ts'
import type { DeviceFacts, Facts, SinkFacts } from './facts.ts'
import { Losses } from './losses.ts'
import { RULES } from './rules.ts'

const NOW = Date.UTC(2026, 10, 23, 10)
const DAY_MS = 86_400_000

const device = (name: string, more: Partial<DeviceFacts> = {}): DeviceFacts => ({ name, driver: 'modbus', area: 'hall-1', isAway: false, isEnabled: true, isPlanned: false, reason: null, ...more }) // prettier-ignore
const sink = (more: Partial<SinkFacts> = {}): SinkFacts => ({ name: 'plant', kind: 'mqtt', isUp: true, isEnabled: true, reason: null, routed: 10, delivered: 9, pending: 1, dropped: {}, oldestPendingAgeMs: 10, ...more }) // prettier-ignore
const down = { isAway: true, reason: 'no answer' }

const WELL: Facts = {
  now: NOW,
  devices: [device('press-1'), device('press-2'), device('press-3'), device('spare', { isEnabled: false })],
  sinks: [sink(), sink({ name: 'off', isUp: false, isEnabled: false })],
  log: { refused: 0, isFull: false, failed: null, secondsLeft: 1e6, secondsHeld: 1e6 },
  disk: { freeBytes: 50, sizeBytes: 100, secondsLeft: null },
  certificates: [{ use: 'http', name: 'http', notAfter: NOW + 90 * DAY_MS }],
  reloadProblem: undefined,
  clock: { synchronised: true, steps: 0, driftMs: 0 },
  audit: { problem: null, finding: null },
  starts: [NOW - DAY_MS],
  runsForMs: DAY_MS,
  wasKilled: false,
}

/** What makes each alert fire, and only what is named. */
const WRONG: Record<string, Partial<Facts>> = {
  BifrostUncleanStop: { wasKilled: true, runsForMs: 1000 },
  BifrostGatewayRestarts: { starts: [NOW - DAY_MS, NOW - 3000, NOW - 2000, NOW - 1000] },
  BifrostConfigReloadFailed: { reloadProblem: 'bifrost.yaml:3: unknown key' },
  BifrostClockNotSynchronised: { clock: { synchronised: false, steps: 0, driftMs: 0 } },
  BifrostClockOff: { clock: { synchronised: null, steps: 1, driftMs: 300 } },
  BifrostCertificateExpired: { certificates: [{ use: 'http', name: 'http', notAfter: NOW - 1 }] },
  BifrostCertificateExpiresSoon: { certificates: [{ use: 'http-ca', name: 'http', notAfter: NOW + 20 * DAY_MS }] },
  BifrostAuditBroken: { audit: { problem: null, finding: 'line 4 was changed' } },
  BifrostAuditNotWritable: { audit: { problem: 'since today: no room', finding: null } },
  BifrostSamplesLost: { sinks: [sink({ routed: 15, dropped: { retention: 5 } })] },
  BifrostDeadLetters: { sinks: [sink({ routed: 15, dropped: { rejected: 5 } })] },
  BifrostSamplesRefused: { log: { ...WELL.log, refused: 3 } },
  BifrostLedgerUnbalanced: { sinks: [sink({ routed: 11 })] },
  BifrostLogFailed: { log: { ...WELL.log, failed: 'no space' } },
  BifrostLogFull: { log: { ...WELL.log, isFull: true } },
  BifrostLogNearlyFull: { log: { ...WELL.log, secondsLeft: 3600 } },
  BifrostLogFillsUp: { log: { ...WELL.log, secondsLeft: 5 * 3600 } },
  BifrostDiskSpaceLow: { disk: { freeBytes: 9, sizeBytes: 100, secondsLeft: 3600 } },
  BifrostSinkDown: { sinks: [sink({ isUp: false, reason: 'refused' })] },
  BifrostSinkQueueOld: { sinks: [sink({ oldestPendingAgeMs: 11 * 60_000 })] },
  BifrostDeviceFleetOutage: { devices: [device('a', down), device('b', down), device('c')] },
  BifrostDeviceDisconnected: { devices: [device('press-1', down), device('press-2'), device('press-3')] },
  BifrostDeviceDownLong: { devices: [device('press-1', down), device('press-2'), device('press-3')] },
}

test('each alert has its case here', () => {
  assert.deepEqual(Object.keys(WRONG).sort(), RULES.map(({ alert }) => alert).sort())
})

const ALSO: Record<string, readonly string[]> = {
  BifrostDeviceFleetOutage: ['BifrostDeviceDisconnected', 'BifrostDeviceDownLong'],
  BifrostLogNearlyFull: ['BifrostLogFillsUp'],
  BifrostDeviceDisconnected: ['BifrostDeviceDownLong'],
  BifrostDeviceDownLong: ['BifrostDeviceDisconnected'],
}

for (const rule of RULES) {
  test(`${rule.alert}: fires after its time, and not before; is over when all is well`, () => {
    const evaluator = new Evaluator()
    const losses = new Losses(undefined)
    evaluator.look(WELL, losses, () => undefined, 0)
    assert.deepEqual(evaluator.alerts, [], 'all is well')
    const wrong = { ...WELL, ...WRONG[rule.alert], now: NOW }
    const at = 60_000
    evaluator.look(wrong, losses, () => undefined, at)
    if (rule.forMs > 0) {
      evaluator.look(wrong, losses, () => undefined, at + rule.forMs - 1)
      assert.deepEqual(statesOf(evaluator.alerts, rule.alert), ['pending'])
    }
    evaluator.look(wrong, losses, () => undefined, at + rule.forMs)
    assert.deepEqual(statesOf(evaluator.alerts, rule.alert), ['firing'])
    const others = [...new Set(evaluator.alerts.map(({ alert }) => alert))].filter((alert) => alert !== rule.alert)
    assert.deepEqual(others, ALSO[rule.alert] ?? [], 'nothing else is wrong')
    const over = evaluator.look({ ...WELL, now: NOW + DAY_MS }, losses, () => undefined, at + rule.forMs + DAY_MS)
    assert.ok(over.some(({ alert, state }) => alert === rule.alert && state === 'resolved'))
    assert.deepEqual(evaluator.alerts, [])
  })
}

const statesOf = (alerts: readonly Alert[], name: string) =>
  alerts.filter(({ alert }) => alert === name).map(({ state }) => state)

test('a hall in maintenance is no outage of the fleet, and does not hide one of the others', () => {
  const fleetOf = (...devices: readonly DeviceFacts[]) => {
    const evaluator = new Evaluator()
    evaluator.look({ ...WELL, devices }, new Losses(undefined), () => undefined, 0)
    return statesOf(evaluator.alerts, 'BifrostDeviceFleetOutage').length
  }
  const hall = ['a', 'b', 'c', 'd'].map((name) => device(name, { ...down, isPlanned: true }))
  assert.equal(fleetOf(...hall, device('e'), device('f'), device('g')), 0)
  assert.equal(fleetOf(...hall, device('e', down), device('f', down), device('g')), 1)
})

test('what goes away before its time was none', () => {
  const evaluator = new Evaluator()
  const losses = new Losses(undefined)
  evaluator.look({ ...WELL, ...WRONG.BifrostSinkDown }, losses, () => undefined, 0)
  assert.deepEqual(
    evaluator.look(WELL, losses, () => undefined, 1000),
    [],
  )
  evaluator.look({ ...WELL, ...WRONG.BifrostSinkDown }, losses, () => undefined, 299_000)
  evaluator.look({ ...WELL, ...WRONG.BifrostSinkDown }, losses, () => undefined, 301_000)
  assert.deepEqual(statesOf(evaluator.alerts, 'BifrostSinkDown'), ['pending'], 'its time begins anew')
})

test('a clock that is set, as after a power cut, hides no unclean stop and keeps no loss alive', () => {
  const evaluator = new Evaluator()
  const losses = new Losses(undefined)
  const states = (name: string) => statesOf(evaluator.alerts, name)
  const killed = { ...WELL, wasKilled: true, starts: [NOW], runsForMs: 20_000 }
  evaluator.look({ ...killed, now: NOW + DAY_MS }, losses, () => undefined, 0)
  assert.deepEqual(states('BifrostUncleanStop'), ['firing'])
  evaluator.look({ ...killed, ...WRONG.BifrostSamplesRefused }, losses, () => undefined, 15_000)
  evaluator.look({ ...killed, ...WRONG.BifrostSamplesRefused, now: NOW - DAY_MS, runsForMs: DAY_MS }, losses, () => undefined, DAY_MS) // prettier-ignore
  assert.deepEqual([states('BifrostSamplesRefused'), states('BifrostUncleanStop')], [[], []])
})

test('a counter that grew while the gateway was away is told of; one of a sink that is new is not', () => {
  const before = new Losses(undefined)
  const first = new Evaluator()
  first.look({ ...WELL, ...WRONG.BifrostSamplesLost }, before, () => undefined, 0)
  assert.deepEqual(first.alerts, [], 'a sink seen for the first time begins with the account that it has')
  const kept = JSON.parse(JSON.stringify(before.kept())) as ReturnType<Losses['kept']>
  const second = new Evaluator()
  const sinks = [sink({ routed: 17, dropped: { retention: 7 } })]
  second.look({ ...WELL, sinks }, new Losses(kept), () => undefined, 0)
  assert.match(second.alerts[0]?.summary ?? '', /^2 samples were deleted/)
})

test('silence is said with the alert, which goes on', () => {
  const evaluator = new Evaluator()
  const silenceOf = ({ device: name }: Alert['labels']) => (name === 'press-1' ? 'maintenance' : undefined)
  const facts = { ...WELL, devices: [device('press-1', down), device('press-2', down), ...WELL.devices.slice(2), device('x')] } // prettier-ignore
  evaluator.look(facts, new Losses(undefined), silenceOf, 0)
  const found = evaluator.alerts.filter(({ alert }) => alert === 'BifrostDeviceDisconnected')
  assert.deepEqual(found.map(({ labels, silence }) => [labels.device, silence]), [['press-1', 'maintenance'], ['press-2', undefined]]) // prettier-ignore
})

test('a fleet beyond the bound is one alert more, with the number', () => {
  const evaluator = new Evaluator()
  const devices = Array.from({ length: MOST_OF_A_RULE + 500 }, (_, at) => device(`d-${at}`, down))
  evaluator.look({ ...WELL, devices }, new Losses(undefined), () => undefined, 0)
  const found = evaluator.alerts.filter(({ alert }) => alert === 'BifrostDeviceDisconnected')
  assert.equal(found.length, MOST_OF_A_RULE + 1)
  assert.equal(found.at(-1)?.summary, '500 more of BifrostDeviceDisconnected.')
})
