/** Clients of a proxy that are up to no good, or just badly made. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemClock, type Clock } from '../../../core/clock.ts'
import { silentLog, type Log } from '../../../core/log.ts'
import { ModbusException } from '../../../protocols/modbus/index.ts'
import { exceptionOf } from '../../../testing/modbus-strangers.ts'
import { eventually } from '../../../testing/peers.ts'
import { startProxy } from '../../../testing/proxy-rig.ts'

/** All that a configuration can name. */
const ALL_FUNCTIONS = Array.from({ length: 127 }, (_, i) => i + 1).filter((code) => code !== 8)

/** Request PDUs that are well made, and more that a vendor may have. */
const READS = '0100000001 0200000001 0300000001 0400000001 07 0b 0c 11 180000 2b0e0100 140706000100000001'
const WRITES =
  '050000ff00 0600000001 0f000000010101 1000000001020001 1509060001000000010001 160000ffff0000 170000000100000001020001'
const NEVER = '0800040000 2b0d0000 2b0d0100'
const VENDORS = ALL_FUNCTIONS.filter((code) => code > 24 && code !== 43).map((code) => `${code.toString(16)}00000001`)
const REQUESTS = [READS, WRITES, NEVER, ...VENDORS].flatMap((pdus) => pdus.split(' '))

/** A socket of a test's own; `replies` are PDUs in hex. */
async function open(t: TestContext, port: number) {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  t.after(() => socket.destroy())
  await new Promise((resolve) => socket.once('connect', resolve))
  let bytes = Buffer.alloc(0)
  const client = { socket, replies: [] as string[], closed: false }
  socket.on('error', () => undefined).on('close', () => (client.closed = true))
  socket.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 6 && bytes.length >= 6 + bytes.readUInt16BE(4)) {
      const length = 6 + bytes.readUInt16BE(4)
      client.replies.push(bytes.subarray(7, length).toString('hex'))
      bytes = bytes.subarray(length)
    }
  })
  return client
}

const frame = (pdu: string, unit = 1): Buffer => {
  const body = Buffer.from(pdu, 'hex')
  return Buffer.concat([Buffer.from([0, 7, 0, 0, 0, body.length + 1, unit]), body])
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

for (const [who, writers, more] of [
  ['nobody', [], []],
  ['others', ['10.0.0.0/8', '::ffff:10.0.0.1', 'fd00::/8'], []],
  ['the client: the control', ['127.0.0.1'], [5, 6, 15, 16, 21, 22, 23, 100, 127]],
] as const) {
  test(`whatever function is allowed, what could change anything passes only for writers; they are ${who}`, async (t) => {
    const settings = { functions: ALL_FUNCTIONS, writers }
    const played = await startProxy(t, { settings })
    played.reply = async (pdu) => pdu.slice()
    const client = await open(t, played.port)
    for (const request of REQUESTS) client.socket.write(frame(request))
    await eventually('all are answered', () => client.replies.length === REQUESTS.length)
    const sent = new Set(played.sent)
    for (const code of [1, 2, 3, 4, 7, 11, 12, 17, 20, 24, 43]) assert.ok(sent.delete(code), `${code} is a read`)
    if (more.length === 0) assert.deepEqual([...sent], [])
    for (const code of more) assert.ok(sent.has(code), `${code} passes`)
    assert.ok(!sent.has(8))
    assert.ok(!played.pdus.some(([code, type]) => code === 43 && type !== 14))
  })
}

test('unit 0 and function codes that do not exist never pass, not even for writers', async (t) => {
  const settings = { functions: ALL_FUNCTIONS, writers: ['0.0.0.0/0'] }
  const played = await startProxy(t, { settings, units: [0, 1] })
  const client = await open(t, played.port)
  for (const bytes of [frame('0600000001', 0), frame('0300000001', 0), frame('00'), frame('8300000001'), frame('ff01')])
    client.socket.write(bytes)
  await eventually('all are answered', () => client.replies.length === 5)
  assert.deepEqual(client.replies, ['860b', '830b', '8001', '8301', 'ff01'])
  assert.deepEqual(played.sent, [])
})

test('bytes behind a read, which a serial device could take for a frame of their own, do not pass', async (t) => {
  const played = await startProxy(t)
  const client = await open(t, played.port)
  client.socket.write(frame('0300000001' + '840a' + '01060000ffffc9ba'))
  client.socket.write(frame('03000000'))
  client.socket.write(frame('0300000001'))
  await eventually('all are answered', () => client.replies.length === 3)
  assert.deepEqual(client.replies, ['8303', '8303', '03020007'])
  assert.deepEqual(played.sent, [3])
})

test('requests in pieces of every size, and several in one piece, are answered in order', async (t) => {
  const played = await startProxy(t)
  const client = await open(t, played.port)
  const both = Buffer.concat([frame('0600050001'), frame('0300000001')])
  for (let at = 1; at < both.length; at++) {
    client.socket.write(both.subarray(0, at))
    await pause(2)
    client.socket.write(both.subarray(at))
    await eventually('both are answered', () => client.replies.length === 2 * at)
  }
  assert.deepEqual(new Set(client.replies), new Set(['0600050001', '03020007']))
  assert.deepEqual(
    played.sent,
    Array.from({ length: 2 * (both.length - 1) }, (_, i) => (i % 2 ? 3 : 6)),
  )
})

test('a client that never takes its answers is not asked for without end, and the others are served', async (t) => {
  const played = await startProxy(t)
  played.reply = async (pdu) => Uint8Array.of(3, 2 * pdu[4]!, ...new Uint8Array(2 * pdu[4]!))
  const greedy = await open(t, played.port)
  greedy.socket.pause()
  // 250,000 requests, 65 MB of answers: far more than the system keeps for a connection.
  greedy.socket.write(Buffer.concat(Array.from({ length: 250_000 }, () => frame('030000007d'))))
  let before = -1
  while (before !== played.sent.length) {
    before = played.sent.length
    await pause(300)
  }
  assert.ok(before > 0 && before < 200_000, `asked ${before} times`)
  const client = await played.connect()
  await client.readHoldingRegisters(1, 0, 1)
  assert.equal(played.sent.length, before + 1)
})

/** A clock that a test sets forward; timers go on as they are. */
function skewed(): Clock & { skew: number } {
  const clock = {
    ...systemClock,
    skew: 0,
    now: () => systemClock.now(),
    after: (ms: number, action: () => void) => systemClock.after(ms, action),
    monotonic: () => systemClock.monotonic() + clock.skew,
  }
  return clock
}

test('clients that take all places and ask nothing, or never end a request, make room; those who ask do not', async (t) => {
  const clock = skewed()
  const warnings: string[] = []
  const log: Log = { ...silentLog, warn: (_fields, sentence) => void warnings.push(sentence), child: () => log }
  const played = await startProxy(t, { clock, log, settings: { maxClients: 3 } })
  await pause(20)
  const [idle, slow, busy] = [await open(t, played.port), await open(t, played.port), await open(t, played.port)]
  slow.socket.write(frame('0300000001').subarray(0, 9))
  for (let i = 0; i < 20; i++) {
    const more = await open(t, played.port)
    await eventually('one more is sent away', () => more.closed)
  }
  assert.equal(warnings.filter((line) => /has 3 clients already/.test(line)).length, 1, 'said once')
  clock.skew = 31_000
  busy.socket.write(frame('0300000001'))
  await eventually('who asks is answered', () => busy.replies.length === 1)
  const next = await open(t, played.port)
  next.socket.write(frame('0300000001'))
  await eventually('there is room', () => next.replies.length === 1)
  const another = await open(t, played.port)
  another.socket.write(frame('0300000001'))
  await eventually('and again', () => another.replies.length === 1)
  assert.deepEqual(
    [idle, slow, busy].map(({ closed }) => closed),
    [true, true, false],
  )
  const last = await open(t, played.port)
  await eventually('no more than that', () => last.closed)
})

test('a client whose request takes long is not quiet', async (t) => {
  const clock = skewed()
  const played = await startProxy(t, { clock, settings: { maxClients: 1 }, timeout: 60_000 })
  await pause(20)
  let free = () => {}
  const held = new Promise<void>((resolve) => (free = resolve))
  played.reply = () => held.then(() => Uint8Array.of(3, 2, 0, 7))
  const client = await open(t, played.port)
  client.socket.write(frame('0300000001'))
  await eventually('it is asked', () => played.sent.length === 1)
  clock.skew = 31_000
  const other = await open(t, played.port)
  await eventually('the other is sent away', () => other.closed)
  free()
  await eventually('it is answered', () => client.replies.length === 1)
})

test('refusals of a device are not kept: who asks again asks the device', async (t) => {
  const played = await startProxy(t, { settings: { maxAge: 60_000 } })
  const client = await played.connect()
  played.reply = () => Promise.reject(new ModbusException(2))
  for (let i = 0; i < 3; i++) assert.equal(await exceptionOf(client.readHoldingRegisters(1, 0, 1)), 2)
  assert.equal(played.sent.length, 3)
  played.reply = async () => Uint8Array.of(3, 2, 0, 7)
  for (let i = 0; i < 3; i++) await client.readHoldingRegisters(1, 0, 1)
  assert.equal(played.sent.length, 4, 'values are: the control')
})

test('a thousand connections leave nothing behind', async (t) => {
  const played = await startProxy(t, { settings: { maxClients: 8 } })
  for (let round = 0; round < 20; round++) {
    const sockets = await Promise.all(Array.from({ length: 50 }, () => open(t, played.port)))
    await eventually('all but eight are sent away', () => sockets.filter(({ closed }) => closed).length >= 42)
    for (const { socket } of sockets) socket.destroy()
  }
  await eventually('there is room again', async () => {
    const client = await played.connect()
    return client.readHoldingRegisters(1, 0, 1).then(
      () => true,
      () => false,
    )
  })
})
