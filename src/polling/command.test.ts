/** A command that has begun and is given up: what it came to is known by who carries it out, and by nobody else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotConnectedError } from '../core/errors.ts'
import { Status, statusName, type StatusCode } from '../core/status.ts'
import { settle, VirtualClock } from '../testing/virtual-clock.ts'
import { runCommand } from './command.ts'
import { Line } from './line.ts'

/** A command with a deadline of one second; `work` begins at once. */
function begin(work: (signal: AbortSignal) => Promise<StatusCode[]>) {
  const clock = new VirtualClock()
  const line = new Line('line', 1, clock)
  const [caller, connection] = [new AbortController(), new AbortController()]
  const lost: unknown[] = []
  const outcome = { statuses: undefined as string[] | undefined, at: NaN }
  void runCommand(
    { line, use: line.useOf('plc'), clock, deadlineMs: 1000, signal: caller.signal, connection: connection.signal },
    work,
    (status) => [status, status, status],
    (error) => (lost.push(error), Status.BadNoCommunication),
  ).then((statuses) => {
    outcome.statuses = statuses.map(statusName)
    outcome.at = clock.monotonic()
  })
  const giveUps = {
    deadline: () => clock.advance(1000),
    caller: async () => (caller.abort(), settle()),
    connection: async () => (connection.abort(), settle()),
  }
  return { clock, line, lost, outcome, giveUps }
}

const onAbort = (signal: AbortSignal, action: () => void) => signal.addEventListener('abort', action, { once: true })

for (const how of ['deadline', 'caller', 'connection'] as const) {
  test(`given up by its ${how}, what the driver says of each item counts`, async () => {
    const said = [Status.Good, Status.BadTimeout, Status.BadRequestNotComplete]
    const { line, lost, outcome, giveUps } = begin(
      (signal) => new Promise((resolve) => onAbort(signal, () => resolve(said))),
    )
    await giveUps[how]()
    assert.deepEqual(outcome.statuses, ['Good', 'BadTimeout', 'BadRequestNotComplete'])
    assert.deepEqual([lost.length, line.inFlight], [0, 0])
  })

  test(`given up by its ${how}, what it throws then is no lost connection`, async () => {
    const { line, lost, outcome, giveUps } = begin(
      (signal) => new Promise((_, reject) => onAbort(signal, () => reject(new NotConnectedError('given up')))),
    )
    await giveUps[how]()
    assert.deepEqual(outcome.statuses, Array(3).fill(how === 'connection' ? 'BadNoCommunication' : 'BadTimeout'))
    assert.deepEqual([lost.length, line.inFlight], [0, 0])
  })
}

test('what it throws by itself is: the control', async () => {
  const { lost, outcome } = begin(() => Promise.reject(new NotConnectedError('lost')))
  await settle()
  assert.deepEqual(outcome.statuses, Array(3).fill('BadNoCommunication'))
  assert.equal(lost.length, 1)
})

test('work that does not listen is waited for only shortly, and its place is free again', async () => {
  let answer = (_said: StatusCode[]) => {}
  const { clock, line, lost, outcome } = begin(() => new Promise((resolve) => (answer = resolve)))
  await clock.advance(1000)
  assert.deepEqual([outcome.statuses, line.inFlight], [undefined, 1])
  await clock.advance(100)
  assert.deepEqual([outcome.statuses, line.inFlight], [Array(3).fill('BadTimeout'), 0])
  answer([Status.Good])
  await clock.advance(60_000)
  assert.deepEqual([lost.length, line.inFlight], [0, 0])
})

test('a place that comes at the very deadline, before its timer, is not taken: nothing is sent', async () => {
  const clock = new VirtualClock()
  const line = new Line('line', 1, clock)
  const use = line.useOf('plc')
  const occupant = { use, since: 0, startedAt: 0 }
  line.occupy(occupant)
  let begun = 0
  let statuses: string[] | undefined
  const never = new AbortController().signal
  // Timers fire in the order in which they were set: this one frees the place first.
  clock.after(1000, () => line.done(occupant))
  const commanded = runCommand(
    { line, use, clock, deadlineMs: 1000, signal: never, connection: never },
    async () => (begun++, [Status.Good]),
    (status) => [status],
    () => Status.BadNoCommunication,
  ).then((said) => (statuses = said.map(statusName)))
  await clock.advance(1000)
  assert.deepEqual([begun, statuses, line.inFlight], [0, ['BadTimeout'], 0])
  await commanded
})
