/** One socket for all devices of a line: joined, left, lost, replaced; and replies that break the protocol. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { testContext } from '../../testing/driver-suite.ts'
import { connectTo, readOnce, registers, startDevice } from '../../testing/modbus-device.ts'
import { silentLog } from '../../core/log.ts'
import { eventually } from '../../testing/peers.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal

test('a short reply is BadUnknownResponse for its tags, and the next read is good', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  device.fault = () => ({
    alter: (frame) => {
      const short = frame.slice(0, frame.length - 2)
      short[5] = frame[5]! - 2
      return short
    },
  })
  assert.deepEqual(await readOnce(driver, registers(1, 2)), ['BadUnknownResponse', 'BadUnknownResponse'])
  device.fault = undefined
  assert.deepEqual(await readOnce(driver, registers(1, 2)), [1, 2])
})

test('garbage closes the connection: NotConnectedError that says why', async (t) => {
  const device = await startDevice(t)
  const driver = await connectTo(t, device)
  device.fault = () => ({ alter: () => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n') })
  await assert.rejects(
    readOnce(driver, registers(1)),
    (error: unknown) => error instanceof NotConnectedError && /framing/.test(error.message),
  )
  device.fault = undefined
  await driver.connect(signal)
  assert.deepEqual(await readOnce(driver, registers(1)), [1])
})

test('devices of one line share one socket; one that closes leaves the others connected, the last closes it', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  const [first, second] = await Promise.all([
    connectTo(t, device, { unit: 1 }, testContext('one', shared)),
    connectTo(t, device, { unit: 2 }, testContext('two', shared)),
  ])
  assert.deepEqual(await readOnce(first, registers(1)), [1])
  assert.deepEqual(await readOnce(second, registers(1)), [1])
  assert.deepEqual(device.requests, ['1: 0300010001', '2: 0300010001'])
  assert.equal(device.server.stats.connections, 1)
  await first.close()
  assert.deepEqual(await readOnce(second, registers(2)), [2])
  await assert.rejects(readOnce(first, registers(2)), NotConnectedError)
  await first.connect(signal)
  assert.equal(device.server.stats.connections, 1, 'it joined the socket that was there')
  await second.close()
  await first.close()
  await eventually('the socket is closed', () => device.server.connections === 0)
})

test('a dead socket is replaced once, by whichever device connects first', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  const first = await connectTo(t, device, {}, testContext('one', shared))
  const second = await connectTo(t, device, {}, testContext('two', shared))
  device.server.dropConnections('reset')
  await assert.rejects(async () => {
    for (;;) await readOnce(first, registers(1))
  }, NotConnectedError)
  await assert.rejects(readOnce(second, registers(1)), NotConnectedError)
  await Promise.all([first.connect(signal), second.connect(signal)])
  assert.deepEqual(await readOnce(first, registers(1)), [1])
  assert.deepEqual(await readOnce(second, registers(1)), [1])
  assert.equal(device.server.stats.connections, 2)
})

test('one device that gives up connecting does not end the dial that another waits for', async (t) => {
  const device = await startDevice(t)
  const shared = {}
  let dials = 0
  const { promise: gate, resolve: letDial } = Promise.withResolvers<void>()
  const context: Context = {
    ...testContext('line', shared),
    dial: async (endpoint, dialSignal) => {
      dials++
      await gate
      return testContext().dial(endpoint, dialSignal)
    },
  }
  const parsed = modbus.options.parse(device.options)
  const [first, second, third] = [
    modbus.create(parsed, context),
    modbus.create(parsed, context),
    modbus.create(parsed, context),
  ]
  t.after(() => Promise.all([first.close(), second.close(), third.close()]))
  const impatient = new AbortController()
  const givingUp = first.connect(impatient.signal)
  const waiting = second.connect(signal)
  const closed = assert.rejects(
    third.connect(signal).then(() => readOnce(third, registers(1))),
    NotConnectedError,
  )
  impatient.abort(new Error('too slow'))
  await assert.rejects(givingUp, /too slow/)
  await third.close()
  letDial()
  await waiting
  await closed
  assert.deepEqual(await readOnce(second, registers(1)), [1])
  assert.equal(dials, 1)
  await second.close()
  await eventually('nobody who gave up or closed holds the socket', () => device.server.connections === 0)
})

test('nothing listens: NotConnectedError', async (t) => {
  const device = await startDevice(t)
  await device.server.close()
  const driver = modbus.create(modbus.options.parse(device.options), testContext())
  await assert.rejects(driver.connect(signal), NotConnectedError)
})

test('devices of one line that want it differently: the first one’s settings hold, and the log says so for each other one', () => {
  const shared = {}
  const warnings: string[] = []
  const log = { ...silentLog, warn: (_fields: object, sentence: string) => void warnings.push(sentence) }
  const create = (name: string, given: Record<string, unknown>) => {
    const options = modbus.options.parse({ host: '127.0.0.1', port: 1502, ...given })
    return modbus.create(options, { ...testContext(name, shared), name, log })
  }
  create('a', { maxInFlight: 4, unit: 1, timeout: '1s' })
  create('b', { maxInFlight: 4, unit: 2, timeout: '9s', maxRegisters: 10 })
  assert.deepEqual(warnings, [], 'what each device has for itself may differ')
  create('c', { maxInFlight: 2, unit: 3, release: true })
  assert.deepEqual(warnings, [
    'c shares the line 127.0.0.1:1502 with a, but its maxInFlight, release differ: those of a hold. Give both the same.',
  ])
})
