/** The ways past the polls: a proxy's requests, tools, and what a driver serves from start to stop. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LineAccess } from '../core/driver.ts'
import { GatewayError, NotConnectedError } from '../core/errors.ts'
import { Status } from '../core/status.ts'
import { FakeDevice } from '../testing/fake-driver.ts'
import { never, setupOf, startPolling } from '../testing/polling-rig.ts'
import { settle } from '../testing/virtual-clock.ts'

/** A device that serves: `access()` is what it was given. */
function serving(device: FakeDevice): { access: () => LineAccess; ended: () => boolean } {
  let given: LineAccess | undefined
  let isOver = false
  device.serve = async (access, signal) => {
    given = access
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    isOver = true
  }
  return { access: () => given!, ended: () => isOver }
}

const codeOf = (code: string) => (error: unknown) => error instanceof GatewayError && error.code === code

describe('the access of a device to its line', () => {
  test('a command goes between two requests of a poll, a turn waits in turn', async () => {
    const device = new FakeDevice()
    device.answerMs = 100
    const { access } = serving(device)
    const { clock } = startPolling(setupOf(device, { tags: 6, everyMs: 60_000 }))
    await clock.advance(150)
    assert.equal(device.requests.at(-1)!.what, 'r1')
    const order: string[] = []
    const ask = (what: string, priority: 'command' | 'turn') =>
      access().run(
        async () => {
          order.push(`${what} after ${device.requests.at(-1)!.what}`)
        },
        priority,
        never(),
      )
    const done = [ask('turn', 'turn'), ask('command', 'command')]
    await clock.advance(1000)
    await Promise.all(done)
    assert.deepEqual(order[0], 'command after r1')
    assert.match(order[1]!, /^turn after r[1234]$/)
    assert.equal(device.mostInFlight, 1)
  })

  test('without a connection it rejects at once; when the connection is lost, whatever waits or runs', async () => {
    const device = new FakeDevice()
    device.mode = 'refuse'
    const { access } = serving(device)
    const { clock, session } = startPolling(setupOf(device, { everyMs: 60_000, inFlight: 2 }))
    await clock.advance(100)
    assert.equal(access().connected, false)
    await assert.rejects(
      access().run(async () => 1, 'command', never()),
      NotConnectedError,
    )
    device.mode = 'well'
    await clock.advance(5000)
    assert.equal(access().connected, true)
    const running = assert.rejects(
      access().run(() => new Promise(() => {}), 'command', never()),
      NotConnectedError,
    )
    device.answerMs = 5000
    device.mode = 'drop'
    const dropped = session.readNow(session.points, never())
    await clock.advance(10)
    const waiting = assert.rejects(
      access().run(async () => 1, 'turn', never()),
      NotConnectedError,
    )
    await clock.advance(6000)
    await Promise.all([running, waiting, dropped])
  })

  test('NotConnectedError out of the work ends the connection; any other error is the caller’s alone', async () => {
    const device = new FakeDevice()
    const { access } = serving(device)
    const { clock, session } = startPolling(setupOf(device))
    await clock.advance(1500)
    await assert.rejects(
      access().run(() => Promise.reject(new GatewayError('TIMEOUT', 'too late')), 'turn', never()),
      codeOf('TIMEOUT'),
    )
    assert.equal(session.state, 'Running')
    await assert.rejects(
      access().run(() => Promise.reject(new NotConnectedError('the far side closed')), 'turn', never()),
      codeOf('NOT_CONNECTED'),
    )
    assert.equal(session.state, 'Connecting')
    await clock.advance(5000)
    assert.equal(session.state, 'Running')
  })

  test('work that never ends is given up after a minute: the line goes on', async () => {
    const device = new FakeDevice()
    const { access } = serving(device)
    const { clock, session } = startPolling(setupOf(device))
    await clock.advance(1500)
    const stuck = assert.rejects(
      access().run(() => new Promise(() => {}), 'turn', never()),
      codeOf('TIMEOUT'),
    )
    await clock.advance(60_000)
    await stuck
    const { pollsOk } = session.stats
    await clock.advance(2000)
    assert.ok(session.stats.pollsOk > pollsOk)
  })

  test('a caller who gives up gets the reason of the signal, and its place goes to the next', async () => {
    const device = new FakeDevice()
    const { access } = serving(device)
    const { clock, session } = startPolling(setupOf(device))
    await clock.advance(1500)
    const caller = new AbortController()
    const given = access().run(() => new Promise(() => {}), 'command', caller.signal)
    const rejected = assert.rejects(given, /enough/)
    await clock.advance(3000)
    const { pollsOk } = session.stats
    caller.abort(new Error('enough'))
    await rejected
    await clock.advance(2000)
    assert.ok(session.stats.pollsOk > pollsOk)
    await assert.rejects(
      access().run(async () => 1, 'turn', caller.signal),
      /enough/,
    )
  })
})

describe('what a driver serves', () => {
  test('it begins with the gateway, connected or not, and ends with it', async () => {
    const device = new FakeDevice()
    device.mode = 'refuse'
    const { access, ended } = serving(device)
    const { clock, polling } = startPolling(setupOf(device))
    await clock.advance(10)
    assert.ok(access())
    assert.equal(ended(), false)
    await polling.stop()
    assert.equal(ended(), true)
  })

  test('when it fails it begins again after growing pauses, and the log hears of it once', async () => {
    const device = new FakeDevice()
    const starts: number[] = []
    device.serve = async () => {
      starts.push(clock.monotonic())
      throw new GatewayError('PORT_IN_USE', '127.0.0.1:1502 is in use')
    }
    const { clock, lines, polling } = startPolling(setupOf(device))
    await clock.advance(40_000)
    assert.ok(starts.length >= 4 && starts.length <= 8, `${starts.length} starts`)
    const gaps = starts.slice(1).map((at, index) => at - starts[index]!)
    assert.ok(
      gaps.every((gap, index) => index === 0 || gap >= gaps[index - 1]!),
      gaps.join(' '),
    )
    assert.equal(lines.filter((line) => line.includes('is in use. Next attempt in')).length, 1)
    await polling.stop()
    const { length } = starts
    await clock.advance(200_000)
    assert.equal(starts.length, length)
  })

  test('a disabled device serves nothing', async () => {
    const device = new FakeDevice()
    let starts = 0
    device.serve = async () => void starts++
    const { clock } = startPolling(setupOf(device, { enabled: false }))
    await clock.advance(100)
    assert.equal(starts, 0)
  })
})

describe('tools and what was learned', () => {
  test('a tool asks over the line; an unknown one, a wrong field and a missing connection are told apart', async () => {
    const device = new FakeDevice()
    device.mode = 'refuse'
    const { clock, session } = startPolling(setupOf(device))
    await clock.advance(10)
    await assert.rejects(session.tool('guess', {}, never()), codeOf('NOT_FOUND'))
    await assert.rejects(session.tool('peek', { tag: 'a' }, never()), (error: unknown) => {
      assert.ok(error instanceof GatewayError)
      assert.equal(error.code, 'INVALID_REQUEST')
      assert.deepEqual(error.details.errors, [{ detail: 'tag: expected number, received string', pointer: '#/tag' }])
      return true
    })
    await assert.rejects(session.tool('peek', { tag: 7 }, never()), codeOf('NOT_CONNECTED'))
    device.mode = 'well'
    await clock.advance(3000)
    const result = session.tool('peek', { tag: 7 }, never())
    await clock.advance(100)
    assert.equal(await result, Status.Good)
    assert.ok(device.requests.some(({ what }) => what === 'p7'))
  })

  test('profile, forget and reasons are the driver’s', async () => {
    const device = new FakeDevice()
    device.learned = { maxRegisters: 10 }
    device.bad.set(0, Status.BadConfigurationError)
    const { session } = startPolling(setupOf(device))
    await settle()
    assert.deepEqual(session.profile(), { maxRegisters: 10 })
    assert.equal(session.reasonOf(0), 'tag 0 is bad')
    assert.equal(session.reasonOf(1), undefined)
    session.forget()
    assert.equal(session.profile(), undefined)
  })
})
