/** Parameter sets over a real Modbus connection: a device is replaced, refuses, clamps, is lost, and must not be written. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { statusName } from '../core/status.ts'
import type { Fault } from '../protocols/modbus/index.ts'
import { withCode } from '../testing/command-rig.ts'
import { eventually } from '../testing/peers.ts'
import { ANNA, MOTOR, NEVER, startParameterRig, type ParameterRig } from '../testing/parameter-rig.ts'

const save = ({ gateway }: ParameterRig, partial = false) =>
  gateway.parameters.save('drive', 'motor', { ...ANNA, partial }, NEVER)
const compare = ({ gateway }: ParameterRig) => gateway.parameters.compare('drive', 'motor', undefined, NEVER)
const restore = (
  { gateway }: ParameterRig,
  more: { dryRun?: boolean; force?: boolean; version?: number } = {},
  signal = NEVER,
) => gateway.parameters.restore('drive', 'motor', { ...ANNA, dryRun: false, force: false, ...more }, signal)

/** 50 Hz, 7 s, and 1.5 as float32. */
const FILLED = [500, 7, 0x3fc0, 0]
const EMPTY = [0, 0, 0, 0]

function put({ device: { bank } }: ParameterRig, values: readonly number[]): void {
  for (const [at, value] of values.entries()) bank.holdingRegisters.set(10 + at, value)
}

const held = ({ device: { bank } }: ParameterRig): number[] =>
  [10, 11, 12, 13].map((address) => bank.holdingRegisters.get(address))

const states = (parameters: readonly { name: string; state: string }[]): string[] =>
  parameters.map(({ name, state }) => `${name} ${state}`)

/** Saved with the values, then replaced by a device without. */
async function replaced(rig: ParameterRig): Promise<void> {
  put(rig, FILLED)
  await save(rig)
  put(rig, EMPTY)
}

describe('a device that was replaced', () => {
  test('gets its parameters back, and compares equal', async (t) => {
    const rig = await startParameterRig(t)
    put(rig, FILLED)
    const { saved, isNew } = await save(rig)
    assert.deepEqual([saved.version, saved.parameters, isNew], [1, 3, true])
    assert.deepEqual(saved.identity, { vendor: 'Acme', product: 'PX-7', firmware: 'v2.1' })
    assert.deepEqual(states((await compare(rig)).parameters), ['max-speed equal', 'ramp equal', 'gain equal'])
    put(rig, EMPTY)
    const { parameters: found } = await compare(rig)
    assert.deepEqual(states(found), ['max-speed different', 'ramp different', 'gain different'])
    assert.equal(rig.gateway.parameters.lastCompare('drive', 'motor')?.differences, 3)
    assert.equal(rig.writes().length, 0)
    const { outcome, parameters, verified } = await restore(rig)
    assert.deepEqual([outcome, verified], ['restored', true])
    assert.deepEqual(states(parameters), ['max-speed written', 'ramp written', 'gain written'])
    assert.deepEqual(held(rig), FILLED)
    const sent = ['1: 06000a01f4', '1: 06000b0007', '1: 10000c0002043fc00000']
    assert.deepEqual(rig.writes(), sent, 'in the order of the set')
    assert.deepEqual(states((await compare(rig)).parameters), ['max-speed equal', 'ramp equal', 'gain equal'])
    assert.equal(rig.gateway.parameters.lastCompare('drive', 'motor')?.differences, 0)
  })

  test('is written only where it differs, and each parameter is on record before and after', async (t) => {
    const rig = await startParameterRig(t)
    put(rig, FILLED)
    await save(rig)
    put(rig, [499])
    assert.equal((await restore(rig)).outcome, 'restored')
    assert.deepEqual(rig.writes(), ['1: 06000a01f4'])
    const lines = rig.audit()
    assert.deepEqual(
      lines.map(({ action, outcome }) => `${action} ${outcome}`),
      [
        'parameters.save done',
        'parameters.restore requested',
        'write requested',
        'write written',
        'parameters.restore done',
      ],
    )
    const { before, after, object, user, reason, details } = lines[3]!
    assert.deepEqual(
      { before, after, object, user, reason, readBack: details!.readBack },
      {
        before: 49.900000000000006,
        after: 50,
        object: 'parameter drive/motor/max-speed',
        user: 'anna',
        reason: 'restore of motor, version 1',
        readBack: 50,
      },
    )
    assert.deepEqual(lines[4]!.details, {
      version: 1, written: 1, failed: 0, unknown: 0, notReached: 0, left: 0, verified: true, stopped: null,
    }) // prettier-ignore
  })

  test('that is another model is not written without force', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    rig.device.fault = ({ pdu }) => (pdu[0] === 43 ? { alter: asModel('PX-8') } : undefined)
    const asked = { dryRun: true }
    assert.equal((await restore(rig, asked)).identity.verdict, 'other')
    await assert.rejects(
      restore(rig),
      withCode('CONFLICT', /saved from Acme PX-7; the device is Acme PX-8\. Nothing was written; say force/),
    )
    assert.deepEqual([rig.writes(), held(rig)], [[], EMPTY])
    assert.deepEqual(rig.audit().at(-1)!.outcome, 'CONFLICT')
    const { outcome, identity } = await restore(rig, { force: true })
    assert.deepEqual([outcome, identity.device.product, held(rig)], ['restored', 'PX-8', FILLED])
  })

  test('that does not say what it is any more is not written without force', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    rig.device.fault = ({ pdu }) => (pdu[0] === 43 ? { exception: 1 } : undefined)
    await assert.rejects(restore(rig), withCode('CONFLICT', /saved from Acme PX-7; the device does not say what it is/))
    assert.equal(rig.writes().length, 0)
  })

  test('that never said what it is can be restored, and that is told', async (t) => {
    const rig = await startParameterRig(t)
    rig.device.fault = ({ pdu }) => (pdu[0] === 43 ? { exception: 1 } : undefined)
    await replaced(rig)
    const { outcome, identity } = await restore(rig)
    assert.deepEqual([outcome, identity.verdict], ['restored', 'unknown'])
    assert.match(identity.remark!, /does not say what it is/)
  })
})

/** The frame of a device identification with another product code of the same length. */
const asModel = (model: string) => (frame: Uint8Array) => {
  const changed = Buffer.from(frame)
  changed.write(model, changed.indexOf('PX-7'), 'latin1')
  return changed
}

describe('nothing is written', () => {
  for (const [what, options, why] of [
    ['when the device does not allow it', { writes: false }, /parameterWrites: true/],
    ['when the set does not allow it', { set: { restore: false } }, /restore: true/],
  ] as const)
    test(what, async (t) => {
      const rig = await startParameterRig(t, options)
      await replaced(rig)
      const plan = await restore(rig, { dryRun: true })
      assert.match(plan.forbidden!, why)
      await assert.rejects(restore(rig, { force: true }), withCode('WRITE_FORBIDDEN', why))
      assert.deepEqual([rig.writes(), held(rig)], [[], EMPTY])
      assert.equal(rig.audit().at(-1)!.outcome, 'WRITE_FORBIDDEN')
    })

  test('by a dry run, which says what would be', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    const { outcome, parameters, forbidden } = await restore(rig, { dryRun: true })
    assert.deepEqual([outcome, forbidden, rig.writes().length], ['planned', null, 0])
    assert.deepEqual(states(parameters), ['max-speed pending', 'ramp pending', 'gain pending'])
    // The control: the same device and set, and one word more.
    await restore(rig)
    assert.equal(rig.writes().length, 3)
  })

  test('of what is only compared, was saved from another address, or cannot be read', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    await rig.gateway.stop()
    const [first, second, third] = MOTOR
    const parameters = [
      { ...first, readOnly: true },
      { ...second, address: 'hr:20' },
      third,
      { name: 'far', address: 'hr:300' },
    ]
    const later = await startParameterRig(t, { device: rig.device, folder: `${rig.data}/..`, parameters })
    const { outcome, parameters: done } = await restore(later)
    assert.deepEqual(states(done), ['max-speed left', 'ramp left', 'gain written', 'far left'])
    assert.match(done[0]!.reason!, /only compared/)
    assert.match(done[1]!.reason!, /another address or type/)
    assert.match(done[3]!.reason!, /does not give it/)
    assert.deepEqual([outcome, held(later)], ['incomplete', [0, 0, 0x3fc0, 0]])
    await later.gateway.stop()
  })

  test('while all writes are locked, and the rest stays as it is when they are locked in the middle', async (t) => {
    const rig = await startParameterRig(t, { set: { onFailure: 'continue' } })
    await replaced(rig)
    await rig.gateway.writesLock.lock({ ...ANNA, reason: 'maintenance' })
    const { parameters, stopped, outcome } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed failed', 'ramp pending', 'gain pending'])
    assert.deepEqual([parameters[0]!.code, outcome, rig.writes().length], ['WRITE_LOCKED', 'incomplete', 0])
    assert.match(stopped!, /locked/)
    await rig.gateway.writesLock.unlock(ANNA)
    assert.equal((await restore(rig)).outcome, 'restored')
  })

  test('after the configuration of the running gateway has taken it back', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    const { config } = rig.gateway
    const [drive] = config.devices
    const closed = { ...drive!, parameters: { ...drive!.parameters!, writes: false } }
    const report = await rig.gateway.change({ ...config, devices: [closed] })
    assert.deepEqual(report.devices.changed.map(({ how, what }) => [how, what]), [['kept', ['parameterSets']]]) // prettier-ignore
    await assert.rejects(restore(rig), withCode('WRITE_FORBIDDEN'))
    assert.equal(rig.writes().length, 0)
    await rig.gateway.change({ ...config, devices: [{ ...drive!, parameters: undefined }] })
    await assert.rejects(restore(rig), withCode('NOT_FOUND', /drive has no parameter set motor: it has none/))
    await rig.gateway.change(config)
    assert.equal((await restore(rig)).outcome, 'restored')
  })

  test('outside the limits of a parameter', async (t) => {
    const rig = await startParameterRig(t, { parameters: [{ ...MOTOR[0], writeMax: 49 }, MOTOR[1]] })
    await replaced(rig)
    const { parameters, stopped } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed failed', 'ramp pending'])
    assert.equal(parameters[0]!.code, 'INVALID_VALUE')
    assert.match(stopped!, /onFailure: stop/)
    assert.equal(rig.writes().length, 0)
  })
})

describe('a device that does not do what it is told', () => {
  test('and refuses one write: it stops there, and what came of each is told', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    rig.device.fault = (_, code, address) => (code === 6 && address === 11 ? { exception: 3 } : undefined)
    const { outcome, parameters, stopped, verified } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed written', 'ramp failed', 'gain pending'])
    assert.deepEqual([outcome, verified, held(rig)], ['incomplete', true, [500, 0, 0, 0]])
    assert.match(stopped!, /ramp could not be written/)
    assert.equal(parameters[1]!.code, 'WRITE_FAILED')
    assert.equal(rig.audit().at(-1)!.outcome, 'incomplete')
  })

  test('and refuses one write: with onFailure continue the rest is written', async (t) => {
    const rig = await startParameterRig(t, { set: { onFailure: 'continue' } })
    await replaced(rig)
    rig.device.fault = (_, code, address) => (code === 6 && address === 11 ? { exception: 3 } : undefined)
    const { outcome, parameters, stopped } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed written', 'ramp failed', 'gain written'])
    assert.deepEqual([outcome, stopped, held(rig)], ['incomplete', null, [500, 0, 0x3fc0, 0]])
  })

  test('and holds a value at its limit: the read-back differs', async (t) => {
    const rig = await startParameterRig(t, { set: { onFailure: 'continue' } })
    await replaced(rig)
    const set = rig.device.bank.holdingRegisters
    rig.device.fault = (_, code, address) => {
      // After the write has been answered.
      if (code === 3 && set.get(10) > 400) set.set(10, 400)
      return code === 6 && address === 10 ? { delayMs: 5 } : undefined
    }
    const { outcome, parameters } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed failed', 'ramp written', 'gain written'])
    assert.match(parameters[0]!.reason!, /was written as 50, but reads back 40\./)
    assert.deepEqual([outcome, parameters[0]!.after, held(rig)[0]], ['incomplete', 400, 400])
  })

  test('and changes another parameter afterwards: the last look finds it', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    put(rig, [0, 7])
    rig.device.fault = (_, code, address) => {
      if (code === 16 && address === 12) put(rig, [500, 9])
      return undefined
    }
    const { outcome, parameters } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed written', 'ramp failed', 'gain written'])
    assert.match(parameters[1]!.reason!, /had the stored value before, and has not any more/)
    assert.equal(outcome, 'incomplete')
  })

  test('and does not answer one write: it is sent once, and the last look says what became of it', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    rig.device.fault = (_, code, address) => (code === 6 && address === 11 ? { silent: true } : undefined)
    const { parameters } = await restore(rig)
    assert.deepEqual(states(parameters), ['max-speed written', 'ramp unknown', 'gain pending'])
    assert.equal(parameters[1]!.code, 'WRITE_UNKNOWN')
    assert.equal(rig.writes().filter((request) => request.startsWith('1: 06000b')).length, 1)
  })
})

describe('a restore ends early', () => {
  test('when the connection is lost in the middle, whatever the set says of failures', async (t) => {
    const rig = await startParameterRig(t, { set: { onFailure: 'continue' } })
    await replaced(rig)
    // oxlint-disable-next-line unicorn/no-thenable -- a word of the fault
    const lost: Fault = { silent: true, then: 'reset' }
    rig.device.fault = (_, code, address) => (code === 6 && address === 11 ? lost : undefined)
    const { outcome, parameters, stopped } = await restore(rig)
    assert.deepEqual(states(parameters).slice(0, 1), ['max-speed written'])
    assert.ok(['unknown', 'failed'].includes(parameters[1]!.state), parameters[1]!.state)
    assert.equal(parameters[2]!.state, 'pending')
    assert.notEqual(stopped, null)
    assert.equal(outcome, 'incomplete')
    assert.equal(
      rig.writes().some((request) => request.startsWith('1: 10')),
      false,
    )
  })

  test('when whoever asked gives up, after the parameter that it is at', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    const asker = new AbortController()
    rig.device.fault = (_, code, address) => {
      if (code === 6 && address === 10) asker.abort()
      return undefined
    }
    const { outcome, parameters, verified } = await restore(rig, {}, asker.signal)
    assert.deepEqual(states(parameters), ['max-speed written', 'ramp pending', 'gain pending'])
    assert.deepEqual([outcome, verified], ['incomplete', true])
  })

  test('when the gateway stops; and it is on record', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    let stop: Promise<void> | undefined
    rig.device.fault = (_, code, address) => {
      if (code === 6 && address === 10) stop ??= rig.gateway.stop()
      return code === 6 && address === 10 ? { delayMs: 30 } : undefined
    }
    const { stopped, parameters } = await restore(rig)
    await stop
    assert.match(stopped!, /shutting down/)
    assert.deepEqual(states(parameters).slice(1), ['ramp pending', 'gain pending'])
    assert.equal(rig.audit().at(-1)!.outcome, 'incomplete')
  })

  test('one at a time: a second one, and a save, are refused meanwhile', async (t) => {
    const rig = await startParameterRig(t)
    await replaced(rig)
    rig.device.fault = (_, code) => (code === 6 ? { delayMs: 60 } : undefined)
    const first = restore(rig)
    await eventually('it writes', () => rig.writes().length > 0)
    await assert.rejects(restore(rig), withCode('CONFLICT', /restore of drive is under way/))
    await assert.rejects(save(rig), withCode('CONFLICT', /under way: nothing was saved/))
    assert.equal((await first).outcome, 'restored')
    assert.equal((await restore(rig)).outcome, 'restored')
  })
})

describe('reading and saving', () => {
  test('without a connection says so, and stores nothing', async (t) => {
    const rig = await startParameterRig(t)
    await rig.device.server.close()
    await assert.rejects(save(rig), withCode('NOT_CONNECTED', /the parameters of drive cannot be read/))
    assert.deepEqual(await rig.gateway.parameters.versions('drive', 'motor'), [])
  })

  test('a part that cannot be read: nothing is saved, unless that is wanted', async (t) => {
    const rig = await startParameterRig(t, { parameters: [...MOTOR, { name: 'far', address: 'hr:300' }] })
    await assert.rejects(
      save(rig),
      withCode('DEVICE_REFUSED', /1 of 4 parameters of drive\/motor cannot be read.*: far \(Bad\w+\)/),
    )
    const { saved } = await save(rig, true)
    assert.deepEqual([saved.parameters, saved.unreadable], [4, 1])
    const found = (await compare(rig)).parameters[3]!
    assert.deepEqual([found.state, statusName(found.status).startsWith('Bad')], ['unreadable', true])
  })

  test('the same values again are no new version; another value is', async (t) => {
    const rig = await startParameterRig(t)
    put(rig, FILLED)
    const first = await save(rig)
    assert.deepEqual([(await save(rig)).isNew, (await save(rig)).saved.version], [false, 1])
    put(rig, [501])
    const second = await save(rig)
    assert.equal(second.saved.version, 2)
    assert.notEqual(second.saved.sha256, first.saved.sha256)
    const older = await restore(rig, { version: 1 })
    assert.deepEqual([older.outcome, held(rig)[0]], ['restored', 500])
    await assert.rejects(
      restore(rig, { version: 7 }),
      withCode('NOT_FOUND', /no version 7 of drive\/motor: there are 1, 2/),
    )
  })
})
