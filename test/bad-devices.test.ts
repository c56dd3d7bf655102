/**
 * Devices that misbehave, through the whole gateway process: the device's own points go to the standard bad status with a reason,
 * a healthy neighbour keeps every cycle, and the device recovers alone when it behaves again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startGatewayProcess, type GatewayProcess } from '../src/testing/gateway-process.ts'
import { eventually, freePort } from '../src/testing/peers.ts'
import { registersReply, startScriptedDevice, type Answer } from '../src/testing/scripted-device.ts'

const TAGS = '[{ name: a, address: "hr:0", type: uint16 }, { name: b, address: "hr:1", type: uint16 }]'
const device = (name: string, port: number, timeout = '200ms'): string =>
  `  - { name: ${name}, driver: modbus, every: 100ms, options: { host: 127.0.0.1, port: ${port}, timeout: ${timeout} }, tags: ${TAGS} }\n`
/** It has time: what a busy machine holds up is no failure of its own. */
const neighbour = (port: number): string => device('good', port, '2s')

interface DeviceView {
  readonly state: string
  readonly reason: string | null
  readonly polls: { readonly total: number; readonly ok: number; readonly failed: number; readonly overruns: number }
}

interface Misbehaviour {
  readonly what: string
  readonly answer: Answer
  /** Status names the points may show: what went wrong, or that the last value is kept while there is no connection. */
  readonly statuses: RegExp
}

const withBytes =
  (change: (reply: Buffer) => Buffer): Answer =>
  (request) =>
    change(registersReply(request, 1))

const MISBEHAVIOURS: readonly Misbehaviour[] = [
  { what: 'is silent', answer: () => undefined, statuses: /^BadTimeout$/ },
  {
    what: 'answers slower than its timeout',
    answer: (request) => {
      setTimeout(() => request.socket.writable && request.socket.write(registersReply(request, 666)), 350)
      return undefined
    },
    statuses: /^BadTimeout$/,
  },
  {
    what: 'sends another transaction id',
    answer: withBytes((reply) => {
      reply.writeUInt16BE((reply.readUInt16BE(0) + 77) & 0xffff, 0)
      return reply
    }),
    statuses: /^Bad(Timeout|UnknownResponse)$/,
  },
  {
    what: 'sends fewer bytes than it was asked for',
    answer: withBytes((reply) => {
      const short = Buffer.from(reply.subarray(0, reply.length - 2))
      short.writeUInt16BE(short.length - 6, 4)
      short[8] = short[8]! - 2
      return short
    }),
    statuses: /^Bad(UnknownResponse|CommunicationError|DecodingError)$/,
  },
  {
    what: 'lies about its byte count',
    answer: withBytes((reply) => {
      reply[8] = 200
      return reply
    }),
    statuses: /^Bad(UnknownResponse|CommunicationError|DecodingError)$/,
  },
  {
    what: 'sends garbage',
    answer: () => Buffer.from('SSH-2.0-OpenSSH_9.2p1 Debian\r\n'),
    statuses: /^(Bad|UncertainNoCommunicationLastUsableValue)/,
  },
  {
    what: 'sends half a frame and resets the connection',
    answer: (request) => {
      request.socket.write(registersReply(request, 1).subarray(0, 5), () => request.socket.resetAndDestroy())
      return undefined
    },
    statuses: /^(BadNoCommunication|BadNotConnected|UncertainNoCommunicationLastUsableValue)$/,
  },
  {
    what: 'closes without an answer',
    answer: (request) => {
      request.socket.end()
      return undefined
    },
    statuses: /^(BadNoCommunication|BadNotConnected|UncertainNoCommunicationLastUsableValue)$/,
  },
]

for (const { what, answer, statuses } of MISBEHAVIOURS) {
  test(`a device that ${what}: its points say so, the neighbour does not notice, it recovers alone`, async (t) => {
    let value = 0
    const healthy: Answer = (request) => registersReply(request, ++value)
    const good = await startScriptedDevice(t, healthy)
    const bad = await startScriptedDevice(t, healthy)
    const gateway = await startGatewayProcess(t, {
      yaml: `devices:\n${neighbour(good.port)}${device('bad', bad.port)}`,
    })
    await settled(gateway, 'bad', /^Good$/)

    bad.answer = answer
    const before = await gateway.get<DeviceView>('devices/good')
    await settled(gateway, 'bad', statuses)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    for (const shown of await gateway.values('?device=bad')) {
      assert.match(shown.status.name, statuses)
      assert.notEqual(shown.value, 666, 'a late reply became a value')
      assert.ok(shown.reason !== null && shown.reason.length > 10, 'a bad value says why')
    }
    await neighbourIsWell(gateway, before)

    bad.answer = healthy
    await settled(gateway, 'bad', /^Good$/)
    // On a busy machine one more answer may take longer than its 200 ms.
    await eventually('it runs', async () => (await gateway.get<DeviceView>('devices/bad')).state === 'Running')
  })
}

test('a device that refuses the connection says so, and is polled as soon as it accepts', async (t) => {
  const port = await freePort()
  let value = 0
  const good = await startScriptedDevice(t, (request) => registersReply(request, ++value))
  const gateway = await startGatewayProcess(t, { yaml: `devices:\n${neighbour(good.port)}${device('bad', port)}` })
  await settled(gateway, 'good', /^Good$/)
  await settled(gateway, 'bad', /^BadNoCommunication$/)
  const view = await gateway.get<DeviceView>('devices/bad')
  assert.match(view.reason ?? '', /refused/)
  const before = await gateway.get<DeviceView>('devices/good')
  await new Promise((resolve) => setTimeout(resolve, 1000))
  await neighbourIsWell(gateway, before)
  await startScriptedDevice(t, (request) => registersReply(request, 5), port)
  await settled(gateway, 'bad', /^Good$/)
})

test('one illegal register among good ones costs its neighbours nothing and the connection stays', async (t) => {
  const illegal = 5
  const answer: Answer = (request) => {
    if (request.address <= illegal && illegal < request.address + request.count) {
      return Buffer.from([
        request.transaction >> 8,
        request.transaction & 255,
        0,
        0,
        0,
        3,
        request.unit,
        request.functionCode | 0x80,
        2,
      ])
    }
    return registersReply(request, 7)
  }
  const scripted = await startScriptedDevice(t, answer)
  const tags = Array.from({ length: 13 }, (_, i) => `{ name: r${i}, address: "hr:${i}", type: uint16 }`).join(', ')
  const options = `options: { host: 127.0.0.1, port: ${scripted.port} }`
  const gateway = await startGatewayProcess(t, {
    yaml: `devices:\n  - { name: d, driver: modbus, every: 100ms, ${options}, tags: [${tags}] }\n`,
  })
  await eventually(
    'twelve good values',
    async () => (await gateway.values()).filter((v) => v.status.name === 'Good').length === 12,
  )
  await new Promise((resolve) => setTimeout(resolve, 500))
  const values = await gateway.values()
  assert.equal(values.find((shown) => shown.tag === 'r5')?.status.name, 'BadConfigurationError')
  assert.match(
    values.find((shown) => shown.tag === 'r5')?.reason ?? '',
    /^hr:5 = 40006: the device answers exception 02/,
  )
  assert.deepEqual(
    values.filter((shown) => shown.status.name !== 'Good').map((shown) => shown.tag),
    ['r5'],
  )
  assert.equal(scripted.connections, 1)
})

async function settled(gateway: GatewayProcess, name: string, status: RegExp): Promise<void> {
  let last = ''
  await eventually(
    () => `${name} shows ${status}, but it shows ${last}`,
    async () => {
      const values = await gateway.values(`?device=${name}`)
      last = values.map((shown) => `${shown.status.name} (${shown.reason})`).join(', ')
      return values.length > 0 && values.every((shown) => status.test(shown.status.name))
    },
    15_000,
  )
}

/**
 * Beats of 100 ms that a busy machine may take from the neighbour within the look of a second or more; a silent device that held
 * it up by one of its time-outs of 200 ms in each of its polls would take nearly half of them.
 */
const MACHINE_BEATS = 2

/** The neighbour was polled at its rate, without a failure, a held-up poll or an old value. */
async function neighbourIsWell(gateway: GatewayProcess, before: DeviceView): Promise<void> {
  const after = await gateway.get<DeviceView>('devices/good')
  assert.equal(after.state, 'Running')
  assert.equal(after.polls.failed, before.polls.failed)
  const ok = after.polls.ok - before.polls.ok
  const leftOut = after.polls.overruns - before.polls.overruns
  assert.ok(leftOut <= MACHINE_BEATS, `${leftOut} polls were left out, ${ok} made`)
  assert.ok(ok + leftOut >= 8, `only ${ok} polls in a second, ${leftOut} left out`)
  for (const shown of await gateway.values('?device=good')) assert.equal(shown.status.name, 'Good')
}
