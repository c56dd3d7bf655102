import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SampleBatch } from '../core/batch.ts'
import type { TagSettings } from '../core/tags.ts'
import { Status, statusName } from '../core/status.ts'
import type { Value } from '../core/value.ts'
import { tagTable } from '../testing/tags.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createPipeline, ORDER } from './index.ts'

type Row = readonly [value: Value | undefined, status?: number, historical?: boolean]

/** A pipeline over one tag; `send` gives what came out as [value, status name]. */
function pipelineOf(settings: Partial<TagSettings>) {
  const clock = new VirtualClock()
  const held: number[] = []
  const pipeline = createPipeline(tagTable(settings), clock, { held: (_tag, receivedAt) => held.push(receivedAt) })
  let out: (readonly [Value | undefined, string])[] = []
  const times: number[] = []
  const arrivals: number[] = []
  const emit = (batch: SampleBatch) => {
    for (const { value, status, time } of batch) {
      out.push([value, statusName(status)])
      times.push(time)
      arrivals.push(batch.receivedAt)
    }
  }
  const taken = () => {
    const result = out
    out = []
    return result
  }
  return {
    clock,
    pipeline,
    held,
    times,
    arrivals,
    send: (...rows: readonly Row[]) => {
      const batch = new SampleBatch(rows.length, clock.now())
      for (const [value, status = 0, historical = false] of rows) batch.push(0, value, status, clock.now(), historical)
      pipeline.apply(batch, emit)
      return taken()
    },
    tick: () => {
      pipeline.tick(clock.now(), emit)
      return taken()
    },
    flush: () => {
      pipeline.flush(emit)
      return taken()
    },
  }
}

test('the order is the documented one', () => {
  assert.deepEqual(
    ORDER.map(({ name }) => name),
    ['last-usable', 'scale', 'range', 'spike', 'stale', 'recent', 'deadband', 'swinging-door', 'max-silence'],
  )
})

test('a batch whose tags need no step is the very same batch, unchanged', () => {
  const pipeline = createPipeline(tagTable({}, { deadband: { absolute: 1 } }), new VirtualClock())
  const batch = new SampleBatch(2, 5)
  batch.push(0, 1.5, 0)
  batch.push(0, 1.5, 0)
  let out: SampleBatch | undefined
  pipeline.apply(batch, (passed) => (out = passed))
  assert.equal(out, batch)
  assert.equal(batch.length, 2)
})

describe('last usable value', () => {
  test('a lost connection after a value is uncertain, before any value it stays bad', () => {
    const { send } = pipelineOf({})
    assert.deepEqual(send([undefined, Status.BadNoCommunication]), [[undefined, 'BadNoCommunication']])
    send([4])
    assert.deepEqual(send([undefined, Status.BadNoCommunication]), [
      [undefined, 'UncertainNoCommunicationLastUsableValue'],
    ])
  })

  test('a bad value is not a usable one, and a timeout stays a timeout', () => {
    const { send } = pipelineOf({})
    send([4, Status.BadSensorFailure])
    assert.deepEqual(send([undefined, Status.BadNoCommunication]), [[undefined, 'BadNoCommunication']])
    send([4])
    assert.deepEqual(send([undefined, Status.BadTimeout]), [[undefined, 'BadTimeout']])
  })
})

describe('scale', () => {
  test('numbers are scaled, booleans, strings and rows without value pass', () => {
    const { send } = pipelineOf({ scale: 0.5, offset: -10 })
    assert.deepEqual(send([100], [true], ['run'], [undefined, Status.BadTimeout]), [
      [40, 'Good'],
      [true, 'Good'],
      ['run', 'Good'],
      [undefined, 'BadTimeout'],
    ])
  })

  test('an int64 becomes a number', () => {
    const { send } = pipelineOf({ type: 'int64', scale: 0.001 })
    assert.deepEqual(send([123_456n]), [[123.456, 'Good']])
  })

  test('a result that is not finite is no value', () => {
    const { send } = pipelineOf({ scale: 10 })
    assert.deepEqual(send([Number.MAX_VALUE]), [[undefined, 'BadDecodingError']])
  })
})

describe('engineering range', () => {
  test('outside it the value stays and is uncertain; counted', () => {
    const { send, pipeline } = pipelineOf({ low: 0, high: 10 })
    assert.deepEqual(send([-1], [0], [10], [10.5]), [
      [-1, 'UncertainEngineeringUnitsExceeded'],
      [0, 'Good'],
      [10, 'Good'],
      [10.5, 'UncertainEngineeringUnitsExceeded'],
    ])
    assert.equal(pipeline.rejected.range, 2)
  })

  test('with clamp it is set to the limit; counted', () => {
    const { send, pipeline } = pipelineOf({ low: 0, high: 10, clamp: true })
    assert.deepEqual(send([-1], [11]), [
      [0, 'GoodClamped'],
      [10, 'GoodClamped'],
    ])
    assert.equal(pipeline.rejected.clamp, 2)
    assert.equal(pipeline.rejected.range, 0)
  })

  test('it is judged after scaling, and never betters a status', () => {
    const { send } = pipelineOf({ high: 10, scale: 0.1, clamp: true })
    assert.deepEqual(send([100], [101, Status.UncertainSubNormal]), [
      [10, 'Good'],
      [10, 'UncertainSubNormal'],
    ])
  })
})

describe('integers of 64 bits', () => {
  test('a value outside its range is not Good, and a clamp sets it', () => {
    const low = -(2n ** 63n)
    const wide = pipelineOf({ type: 'int64', low: -10, high: 2 ** 53 })
    assert.deepEqual(wide.send([low], [-10n], [2n ** 53n], [2n ** 53n + 1n]), [
      [low, 'UncertainEngineeringUnitsExceeded'],
      [-10n, 'Good'],
      [2n ** 53n, 'Good'],
      [2n ** 53n + 1n, 'UncertainEngineeringUnitsExceeded'],
    ])
    const clamped = pipelineOf({ type: 'uint64', low: 0.5, high: 10.5, clamp: true })
    assert.deepEqual(clamped.send([0n], [10n], [2n ** 64n - 1n], [undefined, Status.BadTimeout]), [
      [1n, 'GoodClamped'],
      [10n, 'Good'],
      [10n, 'GoodClamped'],
      [undefined, 'BadTimeout'],
    ])
    assert.deepEqual(pipelineOf({ type: 'uint64', swingingDoor: { absolute: 1 } }).send([2n ** 64n - 1n]), [
      [2n ** 64n - 1n, 'Good'],
    ])
  })

  test('a jump is a spike like any other', () => {
    const { send } = pipelineOf({ type: 'uint64', spike: 5 })
    assert.deepEqual(
      send([10n], [2n ** 64n - 1n], [11n]).map(([, status]) => status),
      ['Good', 'UncertainSensorNotAccurate', 'Good'],
    )
  })
})

describe('spike', () => {
  test('one wild sample is uncertain, the next good one is trusted', () => {
    const { send, pipeline } = pipelineOf({ spike: 5 })
    assert.deepEqual(send([10], [12], [90], [13]), [
      [10, 'Good'],
      [12, 'Good'],
      [90, 'UncertainSensorNotAccurate'],
      [13, 'Good'],
    ])
    assert.equal(pipeline.rejected.spike, 1)
  })

  test('a real step is accepted with its second sample', () => {
    const { send } = pipelineOf({ spike: 5 })
    assert.deepEqual(send([10], [50], [51], [52]), [
      [10, 'Good'],
      [50, 'UncertainSensorNotAccurate'],
      [51, 'Good'],
      [52, 'Good'],
    ])
  })

  test('after an outage the first value is taken as it is; historical rows are not judged', () => {
    const { send } = pipelineOf({ spike: 5 })
    send([10], [undefined, Status.BadNoCommunication])
    assert.deepEqual(send([80], [0, 0, true], [81]), [
      [80, 'Good'],
      [0, 'Good'],
      [81, 'Good'],
    ])
  })
})

describe('stale', () => {
  test('a value that is not read anew becomes uncertain once, and good again when read', async () => {
    const { send, tick, clock, pipeline } = pipelineOf({ staleAfterMs: 2000 })
    send([1])
    await clock.advance(2000)
    assert.deepEqual(tick(), [])
    await clock.advance(1)
    assert.deepEqual(tick(), [[undefined, 'UncertainLastUsableValue']])
    assert.deepEqual(tick(), [])
    assert.deepEqual(send([1]), [[1, 'Good']])
    assert.equal(pipeline.rejected.stale, 1)
  })

  test('a tag that is known to be bad, and one never read, is left alone', async () => {
    const { send, tick, clock } = pipelineOf({ staleAfterMs: 2000 })
    await clock.advance(5000)
    assert.deepEqual(tick(), [])
    send([1], [undefined, Status.BadNoCommunication])
    await clock.advance(5000)
    assert.deepEqual(tick(), [])
  })

  test('a value that is said to hold still stays young without a row; nothing is confirmed that was never read or is bad', async () => {
    const { send, tick, clock, pipeline } = pipelineOf({ staleAfterMs: 2000 })
    pipeline.confirm(0)
    await clock.advance(5000)
    assert.deepEqual(tick(), [])
    send([1])
    for (let i = 0; i < 5; i++) {
      await clock.advance(1900)
      pipeline.confirm(0)
      assert.deepEqual(tick(), [])
    }
    await clock.advance(2001)
    assert.deepEqual(tick(), [[undefined, 'UncertainLastUsableValue']])
    send([undefined, Status.BadNoCommunication])
    pipeline.confirm(0)
    await clock.advance(5000)
    assert.deepEqual(tick(), [])
  })

  test('a value that was stale and is confirmed comes back once, with the status that it had, and grows old again', async () => {
    const { send, tick, clock, pipeline } = pipelineOf({ staleAfterMs: 2000 })
    send([1, Status.UncertainSensorNotAccurate])
    await clock.advance(2001)
    assert.deepEqual(tick(), [[undefined, 'UncertainLastUsableValue']])
    pipeline.confirm(0)
    pipeline.confirm(0)
    assert.deepEqual(tick(), [[undefined, 'UncertainSensorNotAccurate']])
    await clock.advance(2000)
    assert.deepEqual(tick(), [])
    await clock.advance(1)
    assert.deepEqual(tick(), [[undefined, 'UncertainLastUsableValue']])
    // A row that comes before the next look says all that there is to say.
    pipeline.confirm(0)
    assert.deepEqual(send([2]), [[2, 'Good']])
    assert.deepEqual(tick(), [])
  })

  test('a deadband does not hide that the value is no longer stale', async () => {
    const { send, tick, clock } = pipelineOf({ staleAfterMs: 2000, deadband: { absolute: 1 } })
    send([1])
    await clock.advance(2500)
    tick()
    assert.deepEqual(send([1]), [[1, 'Good']])
  })
})

describe('deadband', () => {
  test('only a change greater than it passes; what is held back confirms', () => {
    const { send, held } = pipelineOf({ deadband: { absolute: 0.5 } })
    assert.deepEqual(send([1], [1.5], [0.5], [1.51], [1.2]), [
      [1, 'Good'],
      [1.51, 'Good'],
    ])
    assert.equal(held.length, 3)
  })

  test('percent counts of the range', () => {
    const { send } = pipelineOf({ deadband: { percent: 2 }, low: 0, high: 50 })
    assert.deepEqual(send([10], [11], [11.1]), [
      [10, 'Good'],
      [11.1, 'Good'],
    ])
  })

  test('a change of status always passes, a repeated one does not, and no bad row confirms a value', () => {
    const { send, held } = pipelineOf({ deadband: { absolute: 100 } })
    assert.deepEqual(
      send([1], [2, Status.UncertainSubNormal], [undefined, Status.BadTimeout], [undefined, Status.BadTimeout], [1]),
      [
        [1, 'Good'],
        [2, 'UncertainSubNormal'],
        [undefined, 'BadTimeout'],
        [1, 'Good'],
      ],
    )
    assert.equal(held.length, 0)
  })

  test('booleans, strings and bytes pass when they change, whatever the width', () => {
    const { send } = pipelineOf({ deadband: { absolute: 100 } })
    assert.deepEqual(send([true], [true], [false]), [
      [true, 'Good'],
      [false, 'Good'],
    ])
    assert.deepEqual(send(['a'], ['a'], ['b']), [
      ['a', 'Good'],
      ['b', 'Good'],
    ])
    assert.equal(send([new Uint8Array([1])], [new Uint8Array([1])], [new Uint8Array([2])]).length, 2)
  })

  test('an int64 is compared beyond 2^53', () => {
    const { send } = pipelineOf({ type: 'int64', deadband: { absolute: 0 } })
    const large = 2n ** 60n
    assert.deepEqual(send([large], [large], [large + 1n]), [
      [large, 'Good'],
      [large + 1n, 'Good'],
    ])
  })

  test('historical rows pass and change nothing', () => {
    const { send } = pipelineOf({ deadband: { absolute: 1 } })
    assert.deepEqual(send([5], [5, 0, true], [9, 0, true], [5.5]), [
      [5, 'Good'],
      [5, 'Good'],
      [9, 'Good'],
    ])
  })
})

describe('max silence', () => {
  test('what a deadband held back last is sent, with its own time, and is the new reference', async () => {
    const { send, tick, clock, times } = pipelineOf({ deadband: { absolute: 1 }, maxSilenceMs: 3000 })
    send([10])
    await clock.advance(1000)
    const readAt = clock.now()
    send([10.9])
    await clock.advance(1999)
    assert.deepEqual(tick(), [])
    await clock.advance(1)
    assert.deepEqual(tick(), [[10.9, 'Good']])
    assert.equal(times.at(-1), readAt)
    assert.deepEqual(send([11.8]), [])
    assert.deepEqual(send([12]), [[12, 'Good']])
  })

  test('strings, and a bad status without value, are repeated as they were; a tag never read stays silent', async () => {
    const { send, tick, clock } = pipelineOf({ type: 'string', maxSilenceMs: 1000 })
    await clock.advance(5000)
    assert.deepEqual(tick(), [])
    send(['run'])
    await clock.advance(1000)
    assert.deepEqual(tick(), [['run', 'Good']])
    send([undefined, Status.BadTimeout])
    await clock.advance(1000)
    assert.deepEqual(tick(), [[undefined, 'BadTimeout']])
  })

  test('a value that is sent again is as old as it is: it arrived when it was read', async () => {
    const heartbeat = pipelineOf({ maxSilenceMs: 1000 })
    const door = pipelineOf({ swingingDoor: { absolute: 1 }, maxSilenceMs: 60_000 })
    for (const { send, tick, clock, arrivals } of [heartbeat, door]) {
      send([1])
      await clock.advance(500)
      const readAt = clock.now()
      send([2])
      await clock.advance(60_000)
      assert.deepEqual(tick(), [[2, 'Good']])
      assert.equal(arrivals.at(-1), readAt)
      send([undefined, Status.BadNoCommunication])
      await clock.advance(60_000)
      tick()
      assert.ok(arrivals.at(-1)! <= readAt + 60_000)
    }
    await heartbeat.clock.advance(60_000)
    assert.deepEqual(heartbeat.tick(), [[2, 'UncertainNoCommunicationLastUsableValue']])
    assert.equal(heartbeat.arrivals.at(-1), heartbeat.times.at(-1))
  })

  test('a long list of tags is visited within four ticks', async () => {
    const count = 20_000
    const clock = new VirtualClock()
    const pipeline = createPipeline(tagTable(...Array.from({ length: count }, () => ({ maxSilenceMs: 1000 }))), clock)
    const batch = new SampleBatch(count, clock.now())
    for (let tag = 0; tag < count; tag++) batch.push(tag, tag, 0)
    pipeline.apply(batch, () => {})
    await clock.advance(1000)
    let rows = 0
    let largest = 0
    for (let i = 0; i < 4; i++) {
      pipeline.tick(clock.now(), (out) => {
        rows += out.length
        largest = Math.max(largest, out.length)
      })
    }
    assert.equal(rows, count)
    assert.ok(largest <= count / 4)
  })
})

describe('swinging door', () => {
  test('a ramp is its two ends; the held point keeps its own time', async () => {
    const { send, clock, times } = pipelineOf({ swingingDoor: { absolute: 0.1 } })
    const start = clock.now()
    const out = []
    for (const value of [0, 1, 2, 3, 4, 0]) {
      out.push(...send([value]))
      await clock.advance(1000)
    }
    assert.deepEqual(out, [
      [0, 'Good'],
      [4, 'Good'],
    ])
    assert.equal(times[1], start + 4000)
  })

  test('a change of status passes at once, after the point before it', async () => {
    const { send, clock } = pipelineOf({ swingingDoor: { absolute: 1 } })
    send([1])
    await clock.advance(1000)
    assert.deepEqual(send([1.2]), [])
    await clock.advance(1000)
    assert.deepEqual(send([undefined, Status.BadTimeout]), [
      [1.2, 'Good'],
      [undefined, 'BadTimeout'],
    ])
  })

  test('what is held comes out after a minute at the latest, or with flush', async () => {
    const { send, tick, flush, clock } = pipelineOf({ swingingDoor: { absolute: 1 } })
    send([1])
    await clock.advance(1000)
    send([2])
    await clock.advance(59_999)
    assert.deepEqual(tick(), [])
    await clock.advance(1)
    assert.deepEqual(tick(), [[2, 'Good']])
    await clock.advance(1000)
    send([2])
    assert.deepEqual(flush(), [[2, 'Good']])
    assert.deepEqual(flush(), [])
  })

  test('booleans and strings pass', () => {
    const { send } = pipelineOf({ swingingDoor: { absolute: 1 } })
    assert.equal(send([true], [true], ['a'], ['a']).length, 4)
  })
})
