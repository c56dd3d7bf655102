/** The account of a line: whose time it was, to the millisecond, whatever overlaps. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { FakeDevice } from '../testing/fake-driver.ts'
import { never, setupOf, startPolling } from '../testing/polling-rig.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Line, type Occupant } from './line.ts'

const close = (actual: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`)

describe('the account of a line', () => {
  test('one request at a time: each unit has what its requests took', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 1, clock)
    for (const [unit, ms] of [
      [1, 100],
      [2, 300],
      [1, 50],
    ] as const) {
      const occupant: Occupant = { use: line.use('device', unit), since: 0, startedAt: 0 }
      line.occupy(occupant)
      await clock.advance(ms)
      line.done(occupant)
      await clock.advance(50)
    }
    const { units, utilisation, busySeconds } = line
    assert.deepEqual(
      units.map(({ unit, busySeconds: seconds, requests }) => [unit, seconds, requests]),
      [
        [2, 0.3, 1],
        [1, 0.15, 2],
      ],
    )
    close(utilisation, 450 / 600)
    close(busySeconds, 0.45)
    close(units[0]!.share, 300 / 600)
  })

  test('two in flight share the time in which they overlap', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 2, clock)
    const slow: Occupant = { use: line.use('slow', undefined), since: 0, startedAt: 0 }
    const fast: Occupant = { use: line.use('fast', undefined), since: 0, startedAt: 0 }
    line.occupy(slow)
    await clock.advance(100)
    line.occupy(fast)
    await clock.advance(50)
    line.done(fast)
    await clock.advance(100)
    line.done(slow)
    const busy = new Map(line.units.map(({ device, busySeconds }) => [device, busySeconds]))
    close(busy.get('fast')!, 0.025)
    close(busy.get('slow')!, 0.225)
  })

  test('whatever overlaps, the parts add up to the time in which the line was busy', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ start: fc.nat(400), takes: fc.nat(300), unit: fc.nat(5) }), {
          minLength: 1,
          maxLength: 30,
        }),
        async (requests) => {
          const clock = new VirtualClock()
          const line = new Line('bus', 64, clock)
          for (const { start, takes, unit } of requests) {
            const occupant: Occupant = { use: line.use('device', unit), since: 0, startedAt: 0 }
            clock.after(start, () => {
              line.occupy(occupant)
              clock.after(takes, () => line.done(occupant))
            })
          }
          await clock.advance(1000)
          const busy = new Set<number>()
          for (const { start, takes } of requests) for (let ms = 0; ms < takes; ms++) busy.add(start + ms)
          const { units, busySeconds } = line
          close(busySeconds * 1000, busy.size)
          close(
            units.reduce((sum, unit) => sum + unit.busySeconds, 0),
            busySeconds,
          )
        },
      ),
      { numRuns: 25 },
    )
  })

  test('the last minute is the last minute: an hour later nothing of it is left, but the total stays', async () => {
    const clock = new VirtualClock()
    const line = new Line('bus', 1, clock)
    const occupant: Occupant = { use: line.use('device', 1), since: 0, startedAt: 0 }
    await clock.advance(3_600_000)
    line.occupy(occupant)
    await clock.advance(25_000)
    line.done(occupant)
    const share = () => line.units[0]!.share
    assert.ok(share() > 0.4 && share() <= 0.5, String(share()))
    await clock.advance(30_000)
    assert.ok(share() > 0.3)
    await clock.advance(40_000)
    assert.equal(share(), 0)
    assert.equal(line.utilisation, 0)
    close(line.units[0]!.busySeconds, 25)
    await clock.advance(3_600_000)
    assert.equal(share(), 0)
  })

  test('polls and commands count for the units that they ask; what was not asked is no request', async () => {
    const device = new FakeDevice()
    device.answerMs = 100
    device.unasked.add(2)
    device.unitOf = (tag) => (tag === 0 ? 7 : 8)
    const { clock, polling, session } = startPolling(setupOf(device, { tags: 3, everyMs: 60_000 }))
    await clock.advance(1000)
    const reading = session.readNow([session.points[0]!], never())
    await clock.advance(1000)
    await reading
    const items = (...tags: number[]) => tags.map((tag) => ({ point: session.points[tag]!, value: 1 }))
    const options = { deadlineMs: 5000, signal: never() }
    const writing = [session.write(items(1), options), session.write(items(0, 1), options)]
    await clock.advance(1000)
    await Promise.all(writing)
    const [line] = polling.lines
    assert.deepEqual(
      line!.units.map(({ device: name, unit, requests, busySeconds }) => [name, unit, requests, busySeconds]).sort(),
      [
        ['Filler 1', 7, 2, 0.2],
        ['Filler 1', 8, 2, 0.2],
        // A command for both of them.
        ['Filler 1', null, 1, 0.2],
      ].sort(),
    )
    assert.deepEqual([line!.key, line!.limit, line!.inFlight, line!.queued], ['Filler 1', 1, 0, 0])
  })

  test('a device that begins anew on a shared line has one account; one that does not begin after all leaves none', async () => {
    const of = (name: string, firstTag: number) => setupOf(new FakeDevice(), { name, line: 'bus', firstTag })
    const { clock, polling } = startPolling(of('a', 0), of('b', 1))
    await clock.advance(3000)
    const again = () => polling.prepare({ stop: ['b'], start: [of('b', 1)], repoint: new Map(), order: ['a', 'b'] })
    const units = () => polling.lines.flatMap((line) => line.units.map(({ device }) => device)).sort()
    again().discard()
    assert.deepEqual(units(), ['a', 'b'])
    const change = again()
    await change.stop()
    assert.equal(polling.changes, 0)
    change.apply()
    assert.equal(polling.changes, 1)
    await clock.advance(3000)
    assert.deepEqual(units(), ['a', 'b'])
    const [line] = polling.lines
    assert.ok(line!.units.find(({ device }) => device === 'b')!.requests > 0)
  })

  test('a neighbour that comes too late says who eats the line', async () => {
    const eater = new FakeDevice()
    eater.answerMs = 3000
    eater.unitOf = () => 7
    const small = new FakeDevice()
    small.answerMs = 400
    const { clock, polling } = startPolling(
      setupOf(eater, { name: 'eater', line: '10.0.0.5:502', everyMs: 1000 }),
      setupOf(small, { name: 'small', line: '10.0.0.5:502', firstTag: 10, everyMs: 1000 }),
    )
    await clock.advance(60_000)
    assert.match(
      polling.device('small')!.reason!,
      /^small is slower than its interval\. .* and waited [\d.]+m?s for its line.*unit 7 of eater uses \d\d % of the line 10\.0\.0\.5:502\./,
    )
    assert.doesNotMatch(polling.device('eater')!.reason!, /uses/)
  })

  test('the clients of its own proxy that eat the line are named', async () => {
    const device = new FakeDevice()
    device.answerMs = 400
    device.unitOf = () => 1
    const { clock, polling } = startPolling(setupOf(device, { name: 'meter', everyMs: 1000 }))
    const line = polling.lines[0] as Line
    const ask = () =>
      line.command({
        start() {
          const entry = { use: line.useOf('meter', 1, 'proxy'), since: 0, startedAt: 0 }
          line.occupy(entry)
          clock.after(3000, () => (line.done(entry), ask()))
        },
      })
    ask()
    await clock.advance(60_000)
    assert.match(polling.device('meter')!.reason!, /The proxy to unit 1 of meter uses \d\d % of the line/)
  })
})
