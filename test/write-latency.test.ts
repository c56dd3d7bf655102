/**
 * Writes on a slow line, request by request under a clock that the test moves: a device that takes 100 ms for an answer and one request
 * at a time, as on a serial line. A write waits for the request in flight and for nothing else, and never runs after its time.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Point } from '../src/core/driver.ts'
import { silentLog } from '../src/core/log.ts'
import { statusName } from '../src/core/status.ts'
import { NotConnectedError } from '../src/core/errors.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { createPolling } from '../src/polling/polling.ts'
import { createModbusServer, RegisterBank, type Fault } from '../src/protocols/modbus/index.ts'
import { tagOf } from '../src/testing/driver-suite.ts'
import { duplexPair } from '../src/testing/duplex-pair.ts'
import { settle, VirtualClock } from '../src/testing/virtual-clock.ts'

const ANSWER_MS = 100
/** Registers from here on are read by a poll of their own. */
const OTHER_POLL = 500

interface Asked {
  readonly at: number
  readonly functionCode: number
  readonly address: number
}

/** A polled device behind a line with one request in flight; `addresses` are holding registers, each tag one. */
async function startSlowLine(t: TestContext, addresses: readonly number[], options: Record<string, unknown> = {}) {
  const clock = new VirtualClock()
  const asked: Asked[] = []
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 1000 }] })
  const line = {
    away: false,
    fault: (_functionCode: number, _address: number, _count: number): Fault | undefined => undefined,
  }
  const server = createModbusServer({
    clock,
    unit: () => bank,
    intercept({ pdu }) {
      const [functionCode, address, count] = [pdu[0]!, pdu[1]! * 256 + pdu[2]!, pdu[3]! * 256 + pdu[4]!]
      asked.push({ at: clock.monotonic(), functionCode, address })
      return { delayMs: ANSWER_MS, ...line.fault(functionCode, address, count) }
    },
  })
  const dial = async () => {
    if (line.away) throw new NotConnectedError('away')
    const { near, far } = duplexPair()
    server.serve(far)
    return near
  }
  const points: Point<unknown>[] = addresses.map((address, tag) => {
    const settings = tagOf(`hr:${address}`, 'uint16', { everyMs: address < OTHER_POLL ? 60_000 : 30_000 })
    return { tag, address: modbus.parseAddress(settings.address), settings }
  })
  const setup = {
    name: 'plc',
    type: modbus as never,
    options: modbus.options.parse({ host: 'plc', maxInFlight: 1, timeout: '2s', maxGap: 0, ...options }),
    enabled: true,
    points,
  }
  const polling = createPolling([setup], { clock, log: silentLog, dial, random: () => 0.5 })
  t.after(async () => {
    const stopped = polling.stop()
    await clock.advance(5000)
    await stopped
    await server.close()
  })
  const bad = new Set<number>()
  let good = 0
  polling.start((batch) => {
    for (const { tag, status } of batch) {
      if (status === 0) good++
      else bad.add(tag)
    }
  })
  await settle()
  const session = polling.device('plc')!
  const write = (values: Readonly<Record<number, number>>, deadlineMs = 5000) => {
    const items = Object.entries(values).map(([tag, value]) => ({ point: points[Number(tag)]!, value }))
    const outcome = { statuses: undefined as string[] | undefined, at: 0 }
    void session.write(items, { deadlineMs, signal: new AbortController().signal }).then((statuses) => {
      outcome.statuses = statuses.map(statusName)
      outcome.at = clock.monotonic()
    })
    return outcome
  }
  const writes = () => asked.filter(({ functionCode }) => functionCode === 6)
  const queued = () => polling.lines[0]!.queued
  return { clock, asked, bank, line, server, session, queued, write, writes, bad, goodRows: () => good }
}

/** Registers so far apart that each is a request of its own. */
const scattered = Array.from({ length: 30 }, (_, i) => i * 10)

test('in the middle of a long poll a write goes out after the request in flight', async (t) => {
  const { clock, asked, write, writes, goodRows } = await startSlowLine(t, scattered)
  await clock.advance(ANSWER_MS * 5.5)
  assert.equal(asked.length, 6, 'the poll is under way')
  const began = clock.monotonic()
  const outcome = write({ 3: 777 })
  await clock.advance(ANSWER_MS * 2)
  assert.deepEqual(outcome.statuses, ['Good'])
  assert.ok(outcome.at - began <= ANSWER_MS * 2, `after ${outcome.at - began} ms`)
  assert.equal(asked.indexOf(writes()[0]!), 6, 'next after the one in flight')
  // The control: 24 requests of the poll were ahead of it in the queue, and it costs none of them its turn.
  await clock.advance(ANSWER_MS * 30)
  assert.equal(asked.length, 31)
  assert.equal(goodRows(), 30)
})

test('writes that wait go out in the order in which they were asked for: a setpoint before its start', async (t) => {
  const { clock, write, writes } = await startSlowLine(t, scattered)
  await clock.advance(ANSWER_MS * 5.5)
  for (const tag of [7, 3, 5]) write({ [tag]: 777 })
  await clock.advance(ANSWER_MS * 4)
  assert.deepEqual(
    writes().map(({ address }) => address),
    [70, 30, 50],
  )
})

test('in the middle of the search for bad registers a write goes out after the request in flight too', async (t) => {
  // A block that is searched, and another poll that is due meanwhile: they take turns, and while one asks the other waits for the line.
  const searched = Array.from({ length: 100 }, (_, i) => i)
  const many = [...searched, ...Array.from({ length: 40 }, (_, i) => OTHER_POLL + i * 10)]
  const { clock, asked, line, queued, write, writes, bad } = await startSlowLine(t, many)
  const refused = [3, 17, 40, 41, 77, 98]
  line.fault = (functionCode, address, count) =>
    functionCode === 3 && refused.some((at) => at >= address && at < address + count) ? { exception: 2 } : undefined
  const isSearched = () => asked.length > 45 && asked.at(-1)!.address < OTHER_POLL
  for (let i = 0; i < 1000 && !(isSearched() && queued() > 0); i++) await clock.advance(ANSWER_MS / 2)
  assert.ok(isSearched() && queued() > 0, 'a request of the search is in flight, and polls wait for the line')
  const before = asked.length
  const began = clock.monotonic()
  const outcome = write({ 50: 777 })
  await clock.advance(ANSWER_MS * 2)
  assert.deepEqual(outcome.statuses, ['Good'])
  assert.ok(outcome.at - began <= ANSWER_MS * 2, `after ${outcome.at - began} ms`)
  assert.equal(asked.indexOf(writes()[0]!), before)
  await clock.advance(ANSWER_MS * 300)
  assert.ok(asked.length > before + 10, `the search was not over: ${asked.length - before} requests came after`)
  assert.deepEqual(
    [...bad].sort((a, b) => a - b),
    refused,
    'and it finds what it looked for',
  )
})

test('a command that waits too long is never sent, also not later; one with more time is: the control', async (t) => {
  for (const [deadlineMs, sent] of [
    [1500, false],
    [3000, true],
  ] as const) {
    const { clock, line, write, writes } = await startSlowLine(t, [0, 10])
    // The poll's second request gets no answer, and holds the line for its time-out of 2 s.
    line.fault = (functionCode) => (functionCode === 3 ? { silent: true } : undefined)
    await clock.advance(ANSWER_MS * 1.5)
    const outcome = write({ 1: 777 }, deadlineMs)
    await clock.advance(10_000)
    assert.equal(writes().length, sent ? 1 : 0)
    assert.deepEqual(outcome.statuses, [sent ? 'Good' : 'BadTimeout'])
  }
})

test('a command that waits while the connection is lost is not sent after it came back', async (t) => {
  const { clock, line, server, write, writes, session } = await startSlowLine(t, [0, 10])
  await clock.advance(50)
  const waiting = write({ 1: 777 })
  line.away = true
  server.dropConnections('close')
  await clock.advance(100)
  assert.deepEqual(waiting.statuses, ['BadNoCommunication'])
  const meanwhile = write({ 1: 778 })
  await clock.advance(1000)
  assert.deepEqual(meanwhile.statuses, ['BadNotConnected'])
  line.away = false
  await clock.advance(60_000)
  assert.equal(session.state, 'Running')
  assert.equal(writes().length, 0)
  // The control: the device takes writes now.
  const after = write({ 1: 779 })
  await clock.advance(1000)
  assert.deepEqual([after.statuses, writes().length], [['Good'], 1])
})

test('a command of several items: those not begun at the deadline are not sent', async (t) => {
  for (const [deadlineMs, sent] of [
    [250, 3],
    [5000, 5],
  ] as const) {
    const { clock, write, writes, bank } = await startSlowLine(t, scattered)
    await clock.advance(ANSWER_MS * 30 + 10)
    const outcome = write({ 1: 501, 2: 502, 3: 503, 4: 504, 5: 505 }, deadlineMs)
    await clock.advance(10_000)
    assert.equal(writes().length, sent)
    assert.equal(bank.holdingRegisters.get(50), sent === 5 ? 505 : 0)
    const givenUp = ['Good', 'Good', 'BadTimeout', 'BadRequestNotComplete', 'BadRequestNotComplete']
    assert.deepEqual(outcome.statuses, sent === 5 ? Array(5).fill('Good') : givenUp)
  }
})
