/**
 * A place in flight that is never given back stops a line for ever: whatever devices do and callers give up, when all is well
 * again every place is free, nobody waits, and every device is polled.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FakeDevice } from '../testing/fake-driver.ts'
import { setupOf, startPolling } from '../testing/polling-rig.ts'

const DEVICES = 2
const MODES = ['well', 'well', 'refuse', 'mute', 'silent', 'drop', 'throw', 'stuck'] as const

const who = fc.nat(DEVICES - 1)
const ms = fc.integer({ min: 1, max: 4000 })
const event = fc.oneof(
  fc.record({ what: fc.constant('pass' as const), who, ms }),
  fc.record({ what: fc.constant('become' as const), who, mode: fc.constantFrom(...MODES), ms }),
  fc.record({ what: fc.constantFrom('write' as const, 'read' as const, 'tool' as const), who, ms }),
  fc.record({ what: fc.constant('resize' as const), who, ms }),
)

test('a probe that never ends is given up, too, and the device comes back', async () => {
  const device = new FakeDevice()
  device.mode = 'silent'
  const { clock, polling, session } = startPolling(setupOf(device))
  await clock.advance(6000)
  assert.equal(session.state, 'Failed')
  device.mode = 'stuck'
  await clock.advance(100_000)
  device.mode = 'well'
  await clock.advance(70_000)
  assert.equal(session.state, 'Running')
  assert.ok(polling.lines[0]!.inFlight <= 1)
})

test('no place of a line is lost, whatever fails, is aborted or reconnects', async () => {
  const runs = fc.asyncProperty(
    fc.integer({ min: 1, max: 4 }),
    fc.array(event, { maxLength: 12 }),
    async (limit, events) => {
      const devices = Array.from({ length: DEVICES }, () => new FakeDevice())
      const setups = devices.map((device, at) =>
        setupOf(device, {
          name: `d${at}`,
          line: 'bus',
          tags: 2,
          firstTag: at * 10,
          everyMs: 5000 + at,
          inFlight: limit,
        }),
      )
      const { clock, polling } = startPolling(...setups)
      const [line] = polling.lines
      const calls: Promise<unknown>[] = []
      for (const next of events) {
        const session = polling.devices[next.who]!
        const caller = new AbortController()
        const { signal } = caller
        if (next.what === 'become') devices[next.who]!.mode = next.mode
        if (next.what === 'read') calls.push(session.readNow(session.points, signal))
        if (next.what === 'write')
          calls.push(session.write([{ point: session.points[0]!, value: 1 }], { deadlineMs: next.ms / 2, signal }))
        if (next.what === 'tool') calls.push(session.tool('peek', { tag: 7 }, signal).catch(() => undefined))
        await clock.advance(next.ms)
        caller.abort()
        assert.ok(line!.inFlight <= limit, `${line!.inFlight} in flight of ${limit}`)
      }
      for (const device of devices) device.mode = 'well'
      // The longest that a request, a pause or a debt lasts.
      await clock.advance(200_000)
      await Promise.all(calls)
      const before = polling.devices.map(({ stats }) => stats.pollsOk)
      await clock.advance(20_000)
      for (const [at, { name, state, stats }] of polling.devices.entries()) {
        assert.equal(state, 'Running', name)
        assert.ok(stats.pollsOk - before[at]! >= 3, `${name}: ${stats.pollsOk - before[at]!} polls in 20 s`)
      }
      await polling.stop()
      assert.deepEqual([line!.inFlight, line!.queued], [0, 0])
    },
  )
  await fc.assert(runs, { numRuns: 100 })
})
