/** What became of a write: arrived, refused, not sent, superseded, unknown. */
import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import type { GatewayError } from '../core/errors.ts'
import { Status } from '../core/status.ts'
import { commandsOf, withCode } from '../testing/command-rig.ts'
import { eventually } from '../testing/peers.ts'

describe('what became of a write is told apart', () => {
  test('sent and not answered is unknown, with what reads back; nothing is repeated', async (t) => {
    const { write, device, audit } = commandsOf(t, { type: 'uint16' })
    device.status = Status.BadTimeout
    device.held = 5
    await assert.rejects(write(5), withCode('WRITE_UNKNOWN', /may have been carried out.*reads back 5, which is what/))
    await assert.rejects(write(6), withCode('WRITE_UNKNOWN', /reads back 5, which is not what/))
    device.readStatus = Status.BadTimeout
    await assert.rejects(write(6), withCode('WRITE_UNKNOWN', /no valid answer came \(BadTimeout\)\.$/))
    device.status = Status.BadNoCommunication
    await assert.rejects(write(6), withCode('WRITE_UNKNOWN', /BadNoCommunication/))
    assert.equal(device.written.length, 4)
    const { outcome, sent, status } = audit().at(-1)!
    assert.deepEqual({ outcome, sent, status }, { outcome: 'WRITE_UNKNOWN', sent: true, status: 'BadNoCommunication' })
  })

  test('never begun is not sent, which is not unknown: the same statuses, the control of the test above', async (t) => {
    const { write, device, audit } = commandsOf(t, { type: 'uint16' })
    device.begins = false
    device.status = Status.BadTimeout
    await assert.rejects(write(5), withCode('WRITE_FAILED', /was not sent: BadRequestNotComplete/))
    device.status = Status.BadNoCommunication
    await assert.rejects(write(5), withCode('WRITE_FAILED', /was not sent: BadNoCommunication/))
    const { outcome, sent } = audit().at(-1)!
    assert.deepEqual({ outcome, sent }, { outcome: 'WRITE_FAILED', sent: false })
  })

  test('a command whose turn comes after its deadline is not sent; one whose turn comes before is', async (t) => {
    for (const [afterMs, sent] of [
      [1001, false],
      [999, true],
    ] as const) {
      const { write, device, clock } = commandsOf(t, { type: 'uint16' })
      let go = () => {}
      device.turn = new Promise((resolve) => (go = resolve))
      const outcome = write(5, { deadlineMs: 1000 }).then(
        () => 'written',
        (error: GatewayError) => error.message,
      )
      await eventually('it waits for its turn', () => device.asked === 1)
      await clock.advance(afterMs)
      go()
      if (sent) assert.equal(await outcome, 'written')
      else assert.match(await outcome, /was not sent: BadRequestNotComplete/)
      assert.deepEqual(device.written, sent ? [5] : [])
    }
  })

  test('a register that can only be written counts as written, and the record says that it cannot be read', async (t) => {
    const { write, device, audit } = commandsOf(t, { type: 'uint16' })
    for (const status of [Status.BadConfigurationError, Status.BadNotSupported, Status.BadNotReadable]) {
      device.readStatus = status
      const result = await write(5)
      assert.deepEqual([result.status, result.readBack, result.readBackStatus], [Status.Good, undefined, status])
      assert.match(String(audit().at(-1)!.message), /^written, not readable: Bad/)
      assert.equal(audit().at(-1)!.outcome, 'written')
    }
  })

  test('what the driver remarks is on record and in the result', async (t) => {
    const { write, device, audit } = commandsOf(t, { type: 'uint16' })
    device.remark = 'Not atomic against others.'
    assert.equal((await write(5)).remark, 'Not atomic against others.')
    assert.equal(audit().at(-1)!.remark, 'Not atomic against others.')
  })
})

describe('several writes that wait', () => {
  async function writeThree(t: TestContext, onlyNewest: boolean, tags: readonly string[]) {
    const rig = commandsOf(t, { type: 'uint16' }, ['level', 'start'])
    rig.device.onlyNewest = onlyNewest
    let go = () => {}
    rig.device.turn = new Promise((resolve) => (go = resolve))
    const outcomes: Promise<string>[] = []
    for (const [index, tag] of tags.entries()) {
      outcomes.push(
        rig.write(index, { tag }).then(
          () => 'sent',
          // What reads back may be the value that was written next.
          (error: GatewayError) => (error.code === 'WRITE_FAILED' ? 'sent' : error.code),
        ),
      )
      await eventually('it waits for its turn', () => rig.device.asked === index + 1)
    }
    go()
    return { outcomes: await Promise.all(outcomes), written: rig.device.written, audit: rig.audit() }
  }

  test('only the newest of one tag is sent where the driver wants it so, and the others say why', async (t) => {
    const { outcomes, written, audit } = await writeThree(t, true, ['level', 'level', 'level'])
    assert.deepEqual(outcomes, ['WRITE_SUPERSEDED', 'WRITE_SUPERSEDED', 'sent'])
    assert.deepEqual(written, [2])
    const superseded = audit.filter(({ outcome }) => outcome === 'WRITE_SUPERSEDED')
    assert.equal(superseded.length, 2)
    assert.deepEqual([superseded[0]!.status, superseded[0]!.sent], ['BadRequestCancelledByClient', false])
  })

  test('all are sent where it does not: the control', async (t) => {
    const { outcomes, written } = await writeThree(t, false, ['level', 'level', 'level'])
    assert.deepEqual(outcomes, ['sent', 'sent', 'sent'])
    assert.deepEqual(written, [0, 1, 2])
  })

  test('a write of another tag in between keeps its place: setpoint, start, setpoint are all sent, in order', async (t) => {
    const { outcomes, written } = await writeThree(t, true, ['level', 'start', 'level'])
    assert.deepEqual(outcomes, ['sent', 'sent', 'sent'])
    assert.deepEqual(written, [0, 1, 2])
  })
})
