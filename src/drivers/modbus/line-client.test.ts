/** Several connections and requests at once, and a connection that is released: against devices of every temper, over real sockets. */
import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../core/clock.ts'
import type { Context } from '../../core/driver.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { silentLog } from '../../core/log.ts'
import { Status } from '../../core/status.ts'
import { createPolling } from '../../polling/polling.ts'
import { createModbusServer, encodeRequest, RegisterBank } from '../../protocols/modbus/index.ts'
import { pointsOf, tagOf, testContext } from '../../testing/driver-suite.ts'
import { eventually } from '../../testing/peers.ts'
import { registersReply, startScriptedDevice, type ScriptedRequest } from '../../testing/scripted-device.ts'
import { dial } from '../../wire/dial.ts'
import { LineConnection } from './connection.ts'
import { modbus } from './driver.ts'
import type { LineClient } from './line-client.ts'

const signal = new AbortController().signal
const readOne = (address: number) => encodeRequest({ functionCode: 3, address, count: 1 }).slice()
const writeOne = (address: number, value: number) => encodeRequest({ functionCode: 6, address, value }).slice()

/** A line to a port; `limit()` is what it allows at once. */
async function join(t: TestContext, port: number, given: Record<string, unknown>) {
  let limit = 0
  const line = new LineConnection()
  const context: Context = { ...testContext(), limitInFlight: (total) => void (limit = total) }
  const options = modbus.options.parse({ host: '127.0.0.1', port, timeout: '200ms', ...given })
  const user = {}
  const client = await line.join(user, options, context, signal)
  t.after(() => line.leave(user))
  const rejoin = () => line.join(user, options, context, signal)
  return { line, client, limit: () => limit, leave: () => line.leave(user), rejoin }
}

/** Keeps as many reads under way as the line allows, until `enough`; resolves with what went wrong. */
async function busyUntil(client: LineClient, limit: () => number, enough: () => boolean): Promise<unknown[]> {
  const problems: unknown[] = []
  const reader = async () => {
    const pdu = await client.request(1, readOne(7), signal)
    if (pdu[3] !== 7) problems.push(pdu)
  }
  const running = new Set<Promise<void>>()
  const until = Date.now() + 8000
  while (!enough() && Date.now() < until) {
    while (running.size < limit()) {
      const one = reader().catch((error: unknown) => void problems.push(error))
      running.add(one)
      void one.then(() => running.delete(one))
    }
    await Promise.race(running)
  }
  await Promise.all(running)
  assert.ok(enough(), 'in time')
  return problems
}

const later = (ms: number, request: ScriptedRequest, bytes: Buffer) =>
  void setTimeout(() => request.socket.destroyed || request.socket.write(bytes), ms)

test('a device that bears it gets several requests at once on several connections, never more than configured', async (t) => {
  const waiting = new Map<Socket, number>()
  let most = 0
  const device = await startScriptedDevice(t, (request) => {
    const { socket } = request
    waiting.set(socket, (waiting.get(socket) ?? 0) + 1)
    most = Math.max(most, waiting.get(socket)!)
    setTimeout(() => {
      waiting.set(socket, waiting.get(socket)! - 1)
      if (!socket.destroyed) socket.write(registersReply(request, request.address))
    }, 4)
    return undefined
  })
  const { client, limit, line, leave } = await join(t, device.port, { maxInFlight: 3, maxConnections: 2 })
  assert.equal(limit(), 1)
  assert.deepEqual(line.learned, { inFlight: 1, connections: 1 })
  let changes = 0
  line.onLearned(() => void changes++)
  assert.deepEqual(await busyUntil(client, limit, () => limit() === 6), [])
  assert.deepEqual(line.learned, { inFlight: 3, connections: 2 })
  assert.ok(changes >= 3)
  assert.equal(device.connections, 2)
  assert.ok(most <= 3, `${most} at once on a connection`)
  leave()
  await assert.rejects(client.request(1, readOne(1), signal), NotConnectedError)
})

test('a device that closes the second connection teaches one; no read fails for it', async (t) => {
  const device = await startScriptedDevice(t, (request) => {
    if (sockets.length > 0 && request.socket !== sockets[0]) request.socket.destroy()
    else {
      sockets[0] = request.socket
      later(3, request, registersReply(request, request.address))
    }
    return undefined
  })
  const sockets: Socket[] = []
  const { client, limit, line } = await join(t, device.port, { maxConnections: 3 })
  const reads = () => device.requests
  assert.deepEqual(await busyUntil(client, limit, () => line.learned?.connections === 2 && limit() === 2), [])
  assert.deepEqual(await busyUntil(client, limit, () => line.learned?.connections === 1), [])
  const before = reads()
  assert.deepEqual(await busyUntil(client, limit, () => reads() > before + 100), [])
  assert.deepEqual(line.learned, { inFlight: 1, connections: 1 })
  assert.equal(device.connections, 2, 'not tried again')
})

test('a device that gives up the first connection for a second goes on with one; no read fails', async (t) => {
  const open: Socket[] = []
  const device = await startScriptedDevice(t, (request) => {
    if (!open.includes(request.socket)) {
      open.push(request.socket)
      for (const other of open.slice(0, -1)) other.destroy()
    }
    later(3, request, registersReply(request, request.address))
    return undefined
  })
  const { client, limit, line } = await join(t, device.port, { maxConnections: 2 })
  assert.deepEqual(await busyUntil(client, limit, () => line.learned?.connections === 2 && limit() === 2), [])
  assert.deepEqual(await busyUntil(client, limit, () => line.learned?.connections === 1), [])
  assert.equal(limit(), 1)
})

test('a device that starts anew loses all connections at once: that says nothing of how many it bears', async (t) => {
  const sockets = new Set<Socket>()
  const device = await startScriptedDevice(t, (request) => {
    sockets.add(request.socket)
    later(3, request, registersReply(request, request.address))
    return undefined
  })
  const { client, limit, line, rejoin } = await join(t, device.port, { maxConnections: 2 })
  await busyUntil(client, limit, () => sockets.size === 2)
  for (const socket of sockets) socket.destroy()
  await eventually('the line is lost', () => client.closed)
  const again = await rejoin()
  assert.deepEqual(await busyUntil(again, limit, () => line.learned?.connections === 2 && limit() === 2), [])
})

test('a write whose connection is lost is not sent again, though another connection is open', async (t) => {
  let writes = 0
  const device = await startScriptedDevice(t, (request) => {
    if (request.functionCode === 6) {
      writes++
      request.socket.destroy()
    } else later(3, request, registersReply(request, request.address))
    return undefined
  })
  const { client, limit } = await join(t, device.port, { maxConnections: 2 })
  await busyUntil(client, limit, () => limit() === 2)
  await assert.rejects(client.request(1, writeOne(1, 5), signal), NotConnectedError)
  assert.equal(writes, 1)
  const reply = await client.request(1, readOne(9), signal)
  assert.equal(reply[3], 9, 'the other connection goes on')
})

test('a device that answers busy when there are several gets one at a time', async (t) => {
  let inside = 0
  const device = await startScriptedDevice(t, (request) => {
    inside++
    const isBusy = inside > 1
    setTimeout(() => {
      inside--
      const refusal = Buffer.from([0, 0, 0, 0, 0, 3, request.unit, 0x83, 6])
      refusal.writeUInt16BE(request.transaction, 0)
      if (!request.socket.destroyed) request.socket.write(isBusy ? refusal : registersReply(request, request.address))
    }, 3)
    return undefined
  })
  const { client, limit, line } = await join(t, device.port, { maxInFlight: 8 })
  const problems = await busyUntil(client, limit, () => device.requests > 300)
  assert.ok(problems.length >= 1 && problems.length <= 4, `${problems.length} busy answers`)
  assert.deepEqual(line.learned, { inFlight: 1, connections: 1 })
})

test('what was learned is where the next connection begins; forgotten, it begins with one', async (t) => {
  const device = await startScriptedDevice(t, (request) => registersReply(request, request.address))
  const line = new LineConnection()
  line.learned = { inFlight: 4, connections: 1 }
  let limit = 0
  const context: Context = { ...testContext(), limitInFlight: (total) => void (limit = total) }
  const user = {}
  const options = modbus.options.parse({ host: '127.0.0.1', port: device.port, maxInFlight: 8 })
  const client = await line.join(user, options, context, signal)
  t.after(() => line.leave(user))
  assert.equal(limit, 4)
  line.learned = undefined
  await client.request(1, readOne(1), signal)
  assert.equal(limit, 1)
})

/** A server that takes one connection, and a gateway that polls it with `release`. */
async function released(t: TestContext, every: number) {
  const bank = new RegisterBank({ holdingRegisters: [{ address: 0, count: 10 }] })
  bank.holdingRegisters.set(3, 42)
  const server = createModbusServer({ unit: () => bank, clock: systemClock, maxConnections: 1 })
  const port = await server.listen(0)
  t.after(() => server.close())
  const options = modbus.options.parse({ host: '127.0.0.1', port, release: true, timeout: '500ms' })
  const points = pointsOf(modbus, [tagOf('hr:3', 'uint16', { everyMs: every })])
  const polling = createPolling([{ name: 'press', type: modbus, options, enabled: true, points }], {
    clock: systemClock,
    log: silentLog,
    dial,
  })
  const rows: number[] = []
  polling.start((batch) => {
    for (const { status } of batch) rows.push(status)
  })
  t.after(() => polling.stop())
  await eventually('a poll', () => rows.length > 0)
  return { server, port, polling, session: polling.devices[0]!, rows }
}

/** A vendor tool: connects, reads once, and leaves when told; undefined when it is not let in. */
function vendorTool(port: number): Promise<{ leave(): void } | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 3, 0, 1])))
    socket.once('data', (bytes: Buffer) => resolve(bytes[10] === 42 ? { leave: () => socket.destroy() } : undefined))
    socket.once('error', () => resolve(undefined))
    socket.once('close', () => resolve(undefined))
  })
}

test('release: between the polls a second client gets in at a device that takes one, and our values stay good', async (t) => {
  const { port, polling, session, rows, server } = await released(t, 700)
  let visits = 0
  const end = Date.now() + 5000
  while (visits < 3 && Date.now() < end) {
    await eventually('the connection is released', () => server.connections === 0)
    const tool = await vendorTool(port)
    tool?.leave()
    if (tool !== undefined) visits++
    const seen = rows.length
    await eventually('the next poll', () => rows.length > seen)
  }
  assert.equal(visits, 3)
  assert.deepEqual(new Set(rows), new Set([Status.Good]))
  assert.equal(session.state, 'Running')
  assert.equal(session.stats.reconnects, 0)
  assert.ok(server.stats.connections >= 7, `${server.stats.connections} connections: each poll has its own`)
  await polling.stop()
})

test('release: a tool that stays keeps us out, the values say so, and they come back alone when it leaves', async (t) => {
  const { port, session, rows, server } = await released(t, 400)
  await eventually('the connection is released', () => server.connections === 0)
  const tool = await vendorTool(port)
  assert.ok(tool !== undefined)
  await eventually('the values say so', () => rows.at(-1) === Status.BadNoCommunication)
  assert.notEqual(session.state, 'Running')
  tool.leave()
  await eventually('good again', () => rows.at(-1) === Status.Good)
  assert.equal(session.state, 'Running')
})

test('release: polls that follow each other closely keep the connection: closing it would let nobody in', async (t) => {
  const { server, rows } = await released(t, 150)
  await eventually('polls', () => rows.length > 12)
  assert.ok(server.stats.connections <= 4, `${server.stats.connections} connections`)
  assert.deepEqual(new Set(rows), new Set([Status.Good]))
})

test('a connection that we reset for a write that got no answer teaches nothing: the line bears as many as before', async (t) => {
  const device = await startScriptedDevice(t, (request) =>
    request.functionCode === 3 ? registersReply(request, request.address) : undefined,
  )
  const { client, limit, line } = await join(t, device.port, { maxConnections: 2 })
  await busyUntil(client, limit, () => limit() === 2)
  await assert.rejects(client.request(1, writeOne(1, 1), signal), { code: 'TIMEOUT' })
  const until = Date.now() + 800
  assert.deepEqual(await busyUntil(client, limit, () => Date.now() > until), [])
  assert.deepEqual(line.learned, { inFlight: 1, connections: 2 })
  assert.equal(device.connections, 3)
})
