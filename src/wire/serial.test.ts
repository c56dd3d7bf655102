/**
 * Serial ports, on pseudo terminals of socat: 300 RTU reads in a row, which serialport alone does not survive on Node 26.3 and
 * later; the plug pulled out; the lock; what is said when a port cannot be opened.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { SerialPort } from 'serialport'
import { systemClock } from '../core/clock.ts'
import type { SerialEndpoint } from '../core/driver.ts'
import { NotConnectedError } from '../core/errors.ts'
import { ModbusClient } from '../protocols/modbus/index.ts'
import { eventually, needs, temporaryFolder } from '../testing/peers.ts'
import { startRtuDevice } from '../testing/rtu-device.ts'
import { dial } from './dial.ts'

const skip = needs('socat')
const READS = 300

const port = (path: string, more: Partial<SerialEndpoint> = {}): SerialEndpoint => ({
  transport: 'serial',
  path,
  baud: 115_200,
  dataBits: 8,
  parity: 'none',
  stopBits: 1,
  ...more,
})

async function refusal(endpoint: SerialEndpoint): Promise<NotConnectedError> {
  const error = await dial(endpoint).then(
    (stream) => {
      stream.destroy()
      assert.fail('opened')
    },
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof NotConnectedError, String(error))
  return error
}

async function connect(t: TestContext, path: string): Promise<ModbusClient> {
  const stream = await dial(port(path))
  const client = new ModbusClient(stream, {
    framing: 'rtu',
    maxInFlight: 1,
    timeoutMs: 1000,
    clock: systemClock,
    baud: 115_200,
    name: path,
  })
  t.after(() => client.close())
  return client
}

/** What became of reads, each of an address of its own whose value is known; ends after three failures. */
async function readMany(
  client: ModbusClient,
  count: number,
): Promise<{ right: number; wrong: number; failed: number }> {
  const result = { right: 0, wrong: 0, failed: 0 }
  for (let address = 0; address < count && result.failed < 3; address++) {
    const read = client.readHoldingRegisters(1, address, 1)
    const value = await read.then(
      (bytes) => bytes[0]! * 256 + bytes[1]!,
      () => undefined,
    )
    if (value === undefined) result.failed++
    else if (value === address) result.right++
    else result.wrong++
  }
  return result
}

test(
  `Node 26 and serialport: ${READS} RTU reads in a row over a pseudo terminal are all right`,
  { skip },
  async (t) => {
    const { path } = await startRtuDevice(t)
    const client = await connect(t, path)
    assert.deepEqual(await readMany(client, READS), { right: READS, wrong: 0, failed: 0 })
  },
)

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const faulty = major > 26 || (major === 26 && minor >= 3)
const skipControl = faulty ? skip : `Node ${process.version} does not have the fault, 26.3 and later do`
test(
  'control: serialport alone, without our waking the loop, does not give the bytes in time',
  { skip: skipControl },
  async (t) => {
    const { path } = await startRtuDevice(t)
    const bare = new SerialPort({ path, baudRate: 115_200 })
    await new Promise<void>((resolve, reject) => {
      bare.once('open', resolve)
      bare.once('error', reject)
    })
    const client = new ModbusClient(bare, { framing: 'rtu', maxInFlight: 1, timeoutMs: 100, clock: systemClock })
    t.after(() => new Promise((resolve) => bare.close(resolve)))
    const { right } = await readMany(client, 20)
    assert.ok(right < 20, 'the fault is gone: wakeOnEvents in serial.ts can go too')
  },
)

test(
  'the plug is pulled: the stream ends with a sentence, the client is not connected, the process idles',
  { skip },
  async (t) => {
    const { path, socat } = await startRtuDevice(t)
    const client = await connect(t, path)
    assert.deepEqual(await readMany(client, 1), { right: 1, wrong: 0, failed: 0 })
    await socat.stop()
    await eventually('the client noticed', () => client.closed)
    assert.match(client.closeReason!.message, /is gone .*was the converter unplugged\?/)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const before = process.cpuUsage()
    await new Promise((resolve) => setTimeout(resolve, 300))
    const { user, system } = process.cpuUsage(before)
    assert.ok(user + system < 200_000, `${user + system} µs of CPU in 300 ms`)
  },
)

test('a port is held exclusively; once it is closed it can be opened again at once', { skip }, async (t) => {
  const { path } = await startRtuDevice(t)
  const first = await dial(port(path))
  const error = await refusal(port(path))
  assert.equal(error.message, `${path} is in use by another program`)
  assert.deepEqual(error.details, { endpoint: path, reason: 'EBUSY' })
  first.destroy()
  const second = await dial(port(path))
  second.destroy()
})

test('ports that cannot be opened: each in a sentence that names the port', async (t) => {
  const file = join(temporaryFolder(t), 'file')
  writeFileSync(file, '')
  assert.match(
    (await refusal(port('/dev/ttyBIFROST9'))).message,
    /^\/dev\/ttyBIFROST9 does not exist; is the converter/,
  )
  assert.match((await refusal(port(file))).message, /file is no serial port$/)
  const reason = new Error('stopped')
  await assert.rejects(dial(port(file), AbortSignal.abort(reason)), reason)
})
