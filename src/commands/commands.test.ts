/** Commands: permission, checks, audit, and what is refused before anything is sent. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { GatewayError, type ErrorCode } from '../core/errors.ts'
import { Status, type StatusCode } from '../core/status.ts'
import type { TagSettings } from '../core/tags.ts'
import { commandsOf, withCode } from '../testing/command-rig.ts'
import { eventually } from '../testing/peers.ts'

describe('a write', () => {
  test('is scaled back, sent, read back, scaled, compared and on record', async (t) => {
    const { write, device, audit, emitted } = commandsOf(t, { type: 'int16', scale: 0.1, offset: 5 })
    const result = await write(12.5)
    assert.deepEqual(device.written, [75])
    assert.equal(result.status, Status.Good)
    assert.equal(result.value, 12.5)
    assert.equal(result.readBack, 12.5)
    assert.equal(result.readBackStatus, Status.Good)
    assert.equal(emitted[0]!.valueAt(0), 75, 'the raw read-back goes the way of every sample')
    const [requested, written] = audit()
    assert.equal(requested!.outcome, 'requested')
    assert.equal(requested!.id, written!.id)
    const { user, from, action, object, before, after, reason, outcome, status, readBack } = written!
    assert.deepEqual(
      { user, from, action, object, before, after, reason, outcome, status, readBack },
      {
        user: 'ada',
        from: 'cli',
        action: 'write',
        object: 'tag press/level',
        before: 3,
        after: 12.5,
        reason: 'test',
        outcome: 'written',
        status: 'Good',
        readBack: 12.5,
      },
    )
  })

  test('that has to be rounded says what was written, and is no mismatch', async (t) => {
    const { write, device, audit } = commandsOf(t, { type: 'int16', scale: 0.1 })
    const { value, readBack, remark } = await write(21.57)
    assert.deepEqual([device.written, value, readBack], [[216], 21.6, 21.6])
    const sentence = '21.57 was rounded to 21.6, the nearest value that level (int16, scale 0.1) can hold.'
    assert.equal(remark, sentence)
    assert.equal(audit().at(-1)!.remark, sentence)
    device.remark = 'Read, changed and written back.'
    assert.equal((await write(21.57)).remark, `Read, changed and written back. ${sentence}`)
    device.remark = undefined
    device.begins = false
    device.status = Status.BadTimeout
    await assert.rejects(write(21.57), (error: GatewayError) => !error.message.includes('rounded'), 'nothing was sent')
    const float = commandsOf(t, { type: 'float32' })
    assert.match((await float.write(16_777_217)).remark!, /^16777217 was rounded to 16777216, .*\(float32\)/)
  })

  test('that arrives as it was asked for has nothing to remark, whatever the arithmetic makes of it', async (t) => {
    for (const [settings, values] of [
      [{ type: 'int16', scale: 0.1 }, [0.3, 0.7, 21.6, -1234.5]],
      [{ type: 'uint32', scale: 0.001, offset: -40 }, [1234.567, 4_000_000.001, -39.999]],
      [{ type: 'int64', scale: 0.01 }, [12.34, 9_000_000_000_000.01]],
      [{ type: 'float32' }, [0.1, 1e10, 16_777_216]],
      [{ type: 'float32', scale: 1.8, offset: 32 }, [212, -459.67]],
      [{ type: 'int32' }, [7]],
    ] as const)
      for (const value of values)
        assert.equal((await commandsOf(t, settings).write(value)).remark, undefined, `${settings.type} ${value}`)
  })

  test('of a float32 compares as a float32', async (t) => {
    const { write, device } = commandsOf(t, { type: 'float32' })
    const { readBack } = await write(0.1)
    assert.equal(device.written[0], Math.fround(0.1))
    assert.equal(readBack, Math.fround(0.1))
  })

  test('of an int64 takes decimal text, and of bytes base64', async (t) => {
    const big = commandsOf(t, { type: 'int64' })
    await big.write('-9223372036854775808')
    assert.deepEqual(big.device.written, [-(2n ** 63n)])
    assert.equal(big.audit().at(-1)!.readBack, '-9223372036854775808')
    const bytes = commandsOf(t, { type: 'bytes', length: 3 })
    await bytes.write('AQID')
    assert.deepEqual([...(bytes.device.written[0] as Uint8Array)], [1, 2, 3])
    await assert.rejects(bytes.write('AQIDBA=='), withCode('INVALID_VALUE', /at most 3/))
  })

  test('that the device keeps otherwise has failed, with both values in words', async (t) => {
    const { write, device, audit } = commandsOf(t, { type: 'uint16' })
    device.keep = () => 99
    await assert.rejects(write(100), withCode('WRITE_FAILED', /written as 100, but reads back 99/))
    assert.equal(audit().at(-1)!.outcome, 'WRITE_FAILED')
    assert.equal(audit().at(-1)!.readBack, 99)
  })

  test('that the device refuses, or that cannot be read back, has failed with the status', async (t) => {
    const { write, device, audit } = commandsOf(t, {})
    device.status = Status.BadNotWritable
    await assert.rejects(write(1), (error: unknown) => {
      withCode('WRITE_FAILED', /BadNotWritable/)(error)
      return (error as GatewayError).details.status === Status.BadNotWritable
    })
    assert.equal(audit().at(-1)!.status, 'BadNotWritable')
    device.status = Status.Good
    device.readStatus = Status.BadTimeout
    await assert.rejects(write(1), withCode('WRITE_FAILED', /could not be read back: BadTimeout/))
  })
})

describe('nothing is sent, and the attempt is on record', () => {
  const refused: [string, Partial<TagSettings>, unknown, ErrorCode, RegExp][] = [
    ['a tag that is not writable', { writable: false }, 1, 'WRITE_FORBIDDEN', /not marked as writable/],
    ['text for a number', {}, '12', 'INVALID_VALUE', /takes a number, not "12"/],
    ['null', {}, null, 'INVALID_VALUE', /takes a number/],
    ['a number for a bool', { type: 'bool' }, 1, 'INVALID_VALUE', /true or false/],
    ['a fraction for an integer', { type: 'int16' }, 1.5, 'INVALID_VALUE', /whole numbers, not 1.5/],
    ['more than the type holds', { type: 'int16' }, 32_768, 'INVALID_VALUE', /-32768 to 32767/],
    [
      'more than the type holds after scaling',
      { type: 'uint8', scale: 0.1 },
      25.6,
      'INVALID_VALUE',
      /256 before scaling/,
    ],
    ['more than uint64 holds', { type: 'uint64' }, '18446744073709551616', 'INVALID_VALUE', /uint64 holds/],
    ['more than a float32 holds', { type: 'float32' }, 1e39, 'INVALID_VALUE', /float32 cannot hold/],
    ['outside writeMin…writeMax', { writeMin: 2, writeMax: 8, unit: 'm' }, 9, 'INVALID_VALUE', /from 2 to 8 m: 9/],
    ['outside the engineering range', { low: 0, high: 10, writeMin: -5 }, -1, 'INVALID_VALUE', /from 0 to 10/],
    [
      'text that is too long',
      { type: 'string', length: 4 },
      'hällo',
      'INVALID_VALUE',
      /at most 4 bytes \(this has 6\)/,
    ],
  ]
  for (const [what, settings, value, code, message] of refused) {
    test(what, async (t) => {
      const { write, device, audit } = commandsOf(t, settings)
      await assert.rejects(write(value), withCode(code, message))
      assert.deepEqual(device.written, [])
      assert.equal(audit().length, 1)
      assert.equal(audit()[0]!.outcome, code)
      assert.equal(audit()[0]!.user, 'ada')
    })
  }

  test('a tag or device that does not exist', async (t) => {
    const { write, audit } = commandsOf(t, {})
    await assert.rejects(write(1, { tag: 'nothing' }), withCode('NOT_FOUND', /press\/nothing/))
    await assert.rejects(write(1, { device: 'nowhere' }), withCode('NOT_FOUND'))
    assert.equal(audit().length, 2)
  })
})

test('a full disk refuses the write before anything is sent; the next attempt tries afresh', async (t) => {
  const { write, device, disk } = commandsOf(t, {})
  disk.isFull = true
  await assert.rejects(write(1), withCode('STORE_FAILED', /audit log/))
  assert.deepEqual(device.written, [])
  disk.isFull = false
  await write(1)
  assert.deepEqual(device.written, [1])
})

test('a disk that is full after the device took the write hides nothing: the caller hears what came of it', async (t) => {
  const { write, device, disk } = commandsOf(t, { type: 'uint16' })
  const { write: perform } = device
  device.write = (items) => ((disk.isFull = true), perform.call(device, items))
  assert.equal((await write(5)).readBack, 5)
  disk.isFull = false
  device.status = Status.BadTimeout
  await assert.rejects(write(6), withCode('WRITE_UNKNOWN', /may have been carried out/))
})

test('the time on a slow disk counts: a command whose record takes longer than its deadline is not sent', async (t) => {
  for (const [diskMs, isSent] of [
    [1001, false],
    [999, true],
  ] as const) {
    const { write, device, clock, disk } = commandsOf(t, { type: 'uint16' })
    let go = () => {}
    disk.disk = new Promise<void>((resolve) => (go = resolve))
    const outcome = write(5, { deadlineMs: 1000 }).then(
      () => 'written',
      (error: GatewayError) => error.message,
    )
    await eventually('it is being put on record', () => disk.asked === 1)
    await clock.advance(diskMs)
    go()
    assert.match(await outcome, isSent ? /^written/ : /was not sent: BadRequestNotComplete/)
    assert.deepEqual(device.written, isSent ? [5] : [])
  }
})

test('attempts at the same time each keep their lines whole', async (t) => {
  const { write, audit } = commandsOf(t, {})
  await Promise.allSettled(Array.from({ length: 50 }, (_, i) => write(i)))
  assert.equal(audit().length, 100)
  assert.equal(new Set(audit().map(({ id }) => id)).size, 50)
})

test('closing waits until the write in flight is on record, and refuses what comes after', async (t) => {
  const { commands, device, write, audit } = commandsOf(t, { type: 'uint16' })
  let answer = (_status: StatusCode[]) => {}
  device.write = () => new Promise((resolve) => (answer = resolve))
  const inFlight = assert.rejects(write(5), withCode('WRITE_FAILED'))
  await eventually('the request is on record', () => audit().length === 1)
  let closed = false
  const closing = commands.close().then(() => (closed = true))
  await assert.rejects(write(6), withCode('SHUTTING_DOWN'))
  assert.equal(closed, false)
  answer([Status.BadNoCommunication])
  await Promise.all([inFlight, closing])
  assert.deepEqual(
    audit().map(({ outcome }) => outcome),
    ['requested', 'WRITE_FAILED'],
  )
})

test('a value that scaling makes infinite is refused, not an internal error', async (t) => {
  const { write } = commandsOf(t, { type: 'int32', scale: 1e-308 })
  await assert.rejects(write(1e10), withCode('INVALID_VALUE'))
})
