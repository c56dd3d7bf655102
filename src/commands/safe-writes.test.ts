/** What keeps a write off beyond type and range: lock, values, pace, step, interlock, a second person; at asking and when its turn comes. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { GatewayError } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import { Status } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import { MemoryAudit } from '../testing/audit-lines.ts'
import { commandsOf, withCode } from '../testing/command-rig.ts'
import { eventually, temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { openWritesLock } from './writes-lock.ts'

/** A write that is held up on its way to the device; `go` lets its turn come. */
function heldUp(rig: ReturnType<typeof commandsOf>, value: unknown) {
  let go = () => {}
  rig.device.turn = new Promise((resolve) => (go = resolve))
  const outcome = rig.write(value).then(
    () => 'written',
    (error: GatewayError) => `${error.code} ${error.message}`,
  )
  return { outcome, go, isWaiting: () => eventually('it waits for its turn', () => rig.device.asked === 1) }
}

test('locked, nothing is written, whoever asks; a write that waits already is not sent either', async (t) => {
  const rig = commandsOf(t, { type: 'uint16' })
  const { write, device, lock, audit } = rig
  lock.isLocked = true
  await assert.rejects(write(5), withCode('WRITE_LOCKED'))
  assert.deepEqual(audit().map(({ outcome }) => outcome), ['WRITE_LOCKED']) // prettier-ignore
  lock.isLocked = false
  const { outcome, go, isWaiting } = heldUp(rig, 6)
  await isWaiting()
  lock.isLocked = true
  go()
  assert.match(await outcome, /^WRITE_LOCKED/)
  assert.deepEqual(device.written, [])
  assert.deepEqual(audit().slice(1).map((one) => [one.outcome, one.sent]), [['requested', undefined], ['WRITE_LOCKED', false]]) // prettier-ignore
})

test('only the listed values, of numbers, text and booleans', async (t) => {
  const number = commandsOf(t, { type: 'uint16', writeValues: '0|1|5', unit: 'rpm' })
  await number.write(5)
  await assert.rejects(number.write(2), withCode('INVALID_VALUE', /takes only 0, 1, 5 rpm: 2 is none of them/))
  const text = commandsOf(t, { type: 'string', writeValues: 'auto|manual' })
  await text.write('auto')
  await assert.rejects(text.write('off'), withCode('INVALID_VALUE'))
  const flag = commandsOf(t, { type: 'bool', writeValues: 'false' })
  await assert.rejects(flag.write(true), withCode('INVALID_VALUE', /takes only false/))
  const big = commandsOf(t, { type: 'uint64', writeValues: '18446744073709551615' })
  await big.write('18446744073709551615')
  await assert.rejects(big.write('18446744073709551614'), withCode('INVALID_VALUE'))
})

test('a pause between two writes, counted from when one went out; what was not sent does not count', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', writeEveryMs: 5000 })
  const { write, device, clock } = rig
  device.begins = false
  await assert.rejects(write(1), withCode('WRITE_FAILED'))
  device.begins = true
  await write(2)
  await clock.advance(4000)
  await assert.rejects(write(3), (error: unknown) => {
    withCode('BUSY', /may be written once in 5 s/)(error)
    return (error as { retryAfterMs: number }).retryAfterMs === 1000
  })
  await clock.advance(1000)
  await write(4)
  assert.deepEqual(device.written, [2, 4])
  const two = await Promise.allSettled([write(5), write(6)])
  assert.equal(two.filter(({ status }) => status === 'fulfilled').length, 0, 'the pause is not over')
  await clock.advance(5000)
  const raced = await Promise.allSettled([write(7), write(8)])
  assert.deepEqual(raced.map(({ status }) => status), ['fulfilled', 'rejected'], 'both were in time when they asked') // prettier-ignore
  assert.deepEqual(device.written, [2, 4, 7])
})

test('a step from the present value, which has to be good and fresh', async (t) => {
  const { write, device, values, clock } = commandsOf(t, { type: 'float64', writeStep: 0.1, unit: 'm', everyMs: 500 })
  values.set(0, { value: 0.2 })
  await write(0.3)
  await assert.rejects(write(0.31), withCode('INVALID_VALUE', /changed by at most 0.1 m at once: it is 0.2, 0.31 is too far/)) // prettier-ignore
  await assert.rejects(write(-0.1), withCode('INVALID_VALUE'))
  values.set(0, { value: 0.2, status: Status.BadTimeout })
  await assert.rejects(write(0.2), withCode('WRITE_INTERLOCKED', /press\/level is not good \(BadTimeout\)/))
  values.set(0, { value: 0.2, status: Status.UncertainLastUsableValue })
  await assert.rejects(write(0.2), withCode('WRITE_INTERLOCKED', /is not good/))
  values.set(0, { value: undefined })
  await assert.rejects(write(0.2), withCode('WRITE_INTERLOCKED', /has no value/))
  values.set(0, { value: 0.2, receivedAt: clock.now() })
  await clock.advance(2000)
  await write(0.2)
  await clock.advance(1)
  await assert.rejects(write(0.2), withCode('WRITE_INTERLOCKED', /was last read 2 s ago/))
  assert.deepEqual(device.written, [0.3, 0.2])
})

const INTERLOCK = './pressure < 5 and (press/door = true or not ./start)'
const interlocked = (t: TestContext, more: Partial<TagSettings> = {}) => {
  const rig = commandsOf(t, { type: 'float64', everyMs: 500, ...more }, ['level', 'pressure', 'door', 'start'], {
    interlock: INTERLOCK,
  })
  rig.values.set(1, { value: 4.9 }).set(2, { value: true }).set(3, { value: true })
  return rig
}

test('an interlock over values of other tags: it holds, or the write is refused with the values that say why', async (t) => {
  const { write, values, device } = interlocked(t)
  await write(1)
  values.set(1, { value: 5 })
  await assert.rejects(write(2), withCode('WRITE_INTERLOCKED', /does not hold: .* \(\.\/pressure is 5, press\/door is true, \.\/start is true\)/)) // prettier-ignore
  values.set(1, { value: 1 }).set(2, { value: false })
  await assert.rejects(write(2), withCode('WRITE_INTERLOCKED'))
  values.set(3, { value: false })
  await write(3)
  assert.deepEqual(device.written, [1, 3])
})

test('a named value that is bad, uncertain, old or missing forbids the write, also where the rest would do', async (t) => {
  const { write, values, clock, device } = interlocked(t)
  for (const [value, says] of [
    [{ value: true, status: Status.BadNoCommunication }, /press\/start is not good \(BadNoCommunication\), and the interlock needs it/], // prettier-ignore
    [{ value: true, status: Status.UncertainLastUsableValue }, /is not good/],
    [{ value: undefined }, /has no value/],
    [{ value: true, receivedAt: clock.now() - 2001 }, /was last read 2 s ago/],
  ] as const) {
    values.set(3, value)
    await assert.rejects(write(1), withCode('WRITE_INTERLOCKED', says))
  }
  values.set(3, { value: true, receivedAt: clock.now() - 2000 })
  await write(1)
  assert.deepEqual(device.written, [1], 'the control: all good')
  const missing = commandsOf(t, { interlock: 'press/nothing = 1' })
  await assert.rejects(missing.write(1), withCode('WRITE_INTERLOCKED', /there is no tag press\/nothing/))
})

test('the interlock is looked at when the turn of the write comes: what held when it was asked for is not enough', async (t) => {
  for (const [pressure, expected] of [
    [9, /^WRITE_INTERLOCKED .*pressure is 9/],
    [4, /^written$/],
  ] as const) {
    const rig = interlocked(t)
    const { outcome, go, isWaiting } = heldUp(rig, 1)
    await isWaiting()
    rig.values.set(1, { value: pressure })
    go()
    assert.match(await outcome, expected)
    assert.deepEqual(rig.device.written, pressure === 4 ? [1] : [])
  }
})

test('a critical tag wants a reason', async (t) => {
  const { write, device } = commandsOf(t, { type: 'uint16', critical: true })
  await assert.rejects(write(1, { reason: undefined }), withCode('INVALID_REQUEST', /is critical: say why/))
  await assert.rejects(write(1, { reason: '  ' }), withCode('INVALID_REQUEST'))
  await write(1, { reason: 'batch 7' })
  assert.deepEqual(device.written, [1])
})

const pendingOf = async (rig: ReturnType<typeof commandsOf>, value: unknown = 7, user = 'ada'): Promise<string> => {
  const error = await rig.write(value, { user }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  withCode('APPROVAL_REQUIRED', /waits for a second person to approve it, until 2026-11-23T10:02:00.000Z/)(error)
  return String((error as GatewayError).details.id)
}
const by = (user: string, reason?: string) => ({ user, from: 'http 10.0.0.8', reason })

test('a second person: asked for by one, approved by another, written and on record with both', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', approval: true })
  const { commands, device, audit } = rig
  const id = await pendingOf(rig)
  assert.deepEqual(device.written, [])
  assert.deepEqual(commands.pending.map((one) => [one.id, one.before, one.after]), [[id, 3, 7]]) // prettier-ignore
  await assert.rejects(commands.approve(id, by('Ada')), withCode('FORBIDDEN', /somebody else has to approve/))
  const { readBack } = await commands.approve(id, by('bert', 'seen'))
  assert.deepEqual([readBack, device.written], [7, [7]])
  assert.deepEqual(
    audit().map(({ id: one, user, outcome, approvedBy, approvalReason }) => [one, user, outcome, approvedBy, approvalReason]), // prettier-ignore
    [
      [id, 'ada', 'APPROVAL_REQUIRED', undefined, undefined],
      [id, 'ada', 'requested', 'bert', 'seen'],
      [id, 'ada', 'written', 'bert', 'seen'],
    ],
  )
  await assert.rejects(commands.approve(id, by('carl')), withCode('NOT_FOUND'), 'it is written once')
})

test('at the approval everything is looked at anew: lock, interlock, the value as it was; two who approve at once write once', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', approval: true, interlock: './door' }, ['level', 'door'])
  const { commands, device, values, lock } = rig
  values.set(1, { value: true })
  const locked = await pendingOf(rig)
  lock.isLocked = true
  await assert.rejects(commands.approve(locked, by('bert')), withCode('WRITE_LOCKED'))
  lock.isLocked = false
  const closed = await pendingOf(rig)
  values.set(1, { value: false })
  await assert.rejects(commands.approve(closed, by('bert')), withCode('WRITE_INTERLOCKED'))
  values.set(1, { value: true })
  const moved = await pendingOf(rig)
  values.set(0, { value: 4 })
  await assert.rejects(commands.approve(moved, by('bert')), withCode('CHANGED_MEANWHILE', /was 3 when it was asked for, and is 4 now/)) // prettier-ignore
  assert.deepEqual(device.written, [])
  const id = await pendingOf(rig)
  const both = await Promise.allSettled([commands.approve(id, by('bert')), commands.approve(id, by('carl'))])
  assert.deepEqual(both.map(({ status }) => status), ['fulfilled', 'rejected']) // prettier-ignore
  assert.deepEqual(device.written, [7])
})

test('what nobody approves expires, what is rejected and what waits at the end is not written; each end is on record', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', approval: true })
  const { commands, device, clock, audit } = rig
  const expired = await pendingOf(rig)
  await clock.advance(119_999)
  assert.equal(commands.pending.length, 1)
  await clock.advance(1)
  assert.equal(commands.pending.length, 0)
  await assert.rejects(commands.approve(expired, by('bert')), withCode('NOT_FOUND', /expired/))
  const error = await rig.write(8).then(
    () => undefined,
    (thrown: GatewayError) => thrown,
  )
  await commands.reject(String(error!.details.id), by('bert', 'not now'))
  await rig.write(9).catch(() => undefined)
  await commands.close()
  assert.deepEqual(device.written, [])
  assert.deepEqual(
    audit().map(({ outcome, rejectedBy, message }) => [outcome, rejectedBy ?? message]),
    [
      ['APPROVAL_REQUIRED', undefined],
      ['WRITE_EXPIRED', 'nobody approved it in time'],
      ['APPROVAL_REQUIRED', undefined],
      ['rejected', 'bert'],
      ['APPROVAL_REQUIRED', undefined],
      ['SHUTTING_DOWN', 'the gateway stopped'],
    ],
  )
})

test('what a second person does is on record with the trace of their own request', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', approval: true })
  const of = (traceId: string) => ({ correlation: { traceId } })
  const ask = async (traceId: string): Promise<string> => {
    const error = await rig.write(8, of(traceId)).then(
      () => undefined,
      (thrown: GatewayError) => thrown,
    )
    return String(error!.details.id)
  }
  await rig.commands.reject(await ask('a'), { ...by('bert'), ...of('b') })
  await rig.commands.approve(await ask('c'), { ...by('bert'), ...of('d') })
  assert.deepEqual(
    rig.audit().map(({ outcome, trace }) => [outcome, trace]),
    [
      ['APPROVAL_REQUIRED', 'a'],
      ['rejected', 'b'],
      ['APPROVAL_REQUIRED', 'c'],
      ['requested', 'd'],
      ['written', 'd'],
    ],
  )
})

test('one person cannot take all places, and what cannot be recorded does not wait', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', approval: true })
  for (let i = 0; i < 20; i++) await pendingOf(rig, i)
  await assert.rejects(rig.write(1), withCode('BUSY', /20 writes of ada wait/))
  await pendingOf(rig, 1, 'bert')
  rig.disk.isFull = true
  await assert.rejects(rig.write(1, { user: 'carl' }), withCode('STORE_FAILED'))
  assert.equal(rig.commands.pending.length, 21)
})

test('the lock outlives restarts, is on record, and where its file cannot be read writes are locked', async (t) => {
  const data = temporaryFolder(t)
  const audit = new MemoryAudit()
  const open = () => openWritesLock({ data, clock: new VirtualClock(), log: silentLog, audit })
  const first = await open()
  first.assertOpen()
  await first.lock({ ...by('ada'), reason: 'works on press 1' })
  assert.throws(() => first.assertOpen(), withCode('WRITE_LOCKED', /by ada, since 2026-11-23T10:00:00.000Z: works on press 1/)) // prettier-ignore
  assert.equal(statSync(join(data, 'writes.lock')).mode & 0o777, 0o600)
  const second = await open()
  assert.deepEqual(second.state, { by: 'ada', since: '2026-11-23T10:00:00.000Z', reason: 'works on press 1' })
  await second.unlock(by('bert', 'done'))
  second.assertOpen()
  assert.equal((await open()).state, undefined)
  assert.deepEqual(
    audit.events.map(({ action, user, outcome }) => [action, user, outcome]),
    [['writes.lock', 'ada', 'done'], ['writes.unlock', 'bert', 'requested'], ['writes.unlock', 'bert', 'done']], // prettier-ignore
  )
})

test('a disk that is full keeps a lock from nobody, and an unlock that cannot be recorded does not unlock', async (t) => {
  const data = temporaryFolder(t)
  const audit = new MemoryAudit()
  const lock = await openWritesLock({ data, clock: new VirtualClock(), log: silentLog, audit })
  audit.isFull = true
  await assert.rejects(lock.lock({ ...by('ada'), reason: 'now' }), withCode('STORE_FAILED'))
  assert.throws(() => lock.assertOpen(), withCode('WRITE_LOCKED'))
  await assert.rejects(lock.unlock(by('ada')), withCode('STORE_FAILED'))
  assert.throws(() => lock.assertOpen(), withCode('WRITE_LOCKED'))
  assert.match(readFileSync(join(data, 'writes.lock'), 'utf8'), /"reason":"now"/)
  mkdirSync(join(data, 'other'))
  writeFileSync(join(data, 'other', 'writes.lock'), '{"by":')
  const damaged = await openWritesLock({ data: join(data, 'other'), clock: new VirtualClock(), log: silentLog, audit })
  assert.throws(() => damaged.assertOpen(), withCode('WRITE_LOCKED', /cannot be read .*; look at it, then unlock/))
})

test('rules that changed while a write waited count: it is not sent, nor approved', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', writeMax: 100 })
  const { outcome, go, isWaiting } = heldUp(rig, 90)
  await isWaiting()
  const info = rig.tags.find('press', 'level')!
  rig.tags.replace('press', [{ ...info, settings: { ...info.settings, writeMax: 50 } }])
  go()
  assert.match(await outcome, /^CHANGED_MEANWHILE press\/level was not written: its configuration changed meanwhile/)
  assert.deepEqual(rig.device.written, [])
  assert.deepEqual(rig.audit().map(({ outcome: ended }) => ended), ['requested', 'CHANGED_MEANWHILE']) // prettier-ignore

  const second = commandsOf(t, { type: 'uint16', approval: true })
  await assert.rejects(second.write(5), withCode('APPROVAL_REQUIRED'))
  const asked = second.tags.find('press', 'level')!
  second.tags.replace('press', [{ ...asked, settings: { ...asked.settings, address: 'hr:9' } }])
  const [waiting] = second.commands.pending
  const approving = second.commands.approve(waiting!.id, { user: 'eve', from: 'cli' })
  await assert.rejects(approving, withCode('CHANGED_MEANWHILE', /configuration changed since it was asked for/))
  assert.deepEqual(second.device.written, [])
})

test('a step counts from what was sent last, too, as long as nobody has read the tag since', async (t) => {
  const rig = commandsOf(t, { type: 'float64', writeStep: 10 })
  rig.values.set(0, { value: 0 })
  let go = () => {}
  rig.device.turn = new Promise((resolve) => (go = resolve))
  const both = Promise.allSettled([rig.write(10), rig.write(-10)])
  await eventually('both wait for their turn', () => rig.device.asked === 2)
  go()
  assert.deepEqual((await both).map(({ status }) => status), ['fulfilled', 'rejected']) // prettier-ignore
  assert.deepEqual(rig.device.written, [10], 'not from 10 to -10 at once')
  await assert.rejects(rig.write(-10), withCode('INVALID_VALUE', /it was just written as 10, -10 is too far/))
  await rig.clock.advance(1000)
  await rig.write(-10)
  assert.deepEqual(rig.device.written, [10, -10], 'read since, and it is 0')
})

test('of a hundred writes at once that need a second person, no more wait than may, and each has its end on record', async (t) => {
  const rig = commandsOf(t, { type: 'uint16', approval: true })
  await Promise.allSettled(Array.from({ length: 100 }, (_, at) => rig.write(at)))
  assert.equal(rig.commands.pending.length, 20)
  const late = rig.write(1, { user: 'eve' })
  await Promise.all([rig.commands.close(), assert.rejects(late, withCode('SHUTTING_DOWN'))])
  assert.deepEqual(rig.commands.pending, [])
  const ids = new Set(rig.audit().map(({ id }) => id))
  const ended = new Set(rig.audit().filter(({ outcome }) => outcome !== 'APPROVAL_REQUIRED').map(({ id }) => id)) // prettier-ignore
  assert.deepEqual(ended, ids)
})
