/** Devices that answer wrongly in every way at once, with many requests on the way: whatever they send, no wrong value is ever Good. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Status } from '../src/core/status.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { eventually } from '../src/testing/peers.ts'
import { registersReply, startScriptedDevice, type ScriptedRequest } from '../src/testing/scripted-device.ts'

const DEVICES = 12
const UNITS = [1, 2, 3]
const ADDRESSES = [0, 40, 80, 120]
const WRONG = 0xeeee

/** What a register holds: its own address and unit, so that any mix-up shows. */
const held = (unit: number, address: number): number => address * 256 + unit

function right(request: ScriptedRequest): Buffer {
  const reply = registersReply(request, 0)
  for (let i = 0; i < request.count; i++) reply.writeUInt16BE(held(request.unit, request.address + i), 9 + 2 * i)
  return reply
}

/** A reply whose values are wrong, for `change` to make it one that must not count. */
function wrong(request: ScriptedRequest, change: (reply: Buffer) => void): Buffer {
  const reply = registersReply(request, WRONG)
  change(reply)
  return reply
}

function later(request: ScriptedRequest, reply: Buffer, delayMs: number): undefined {
  setTimeout(() => !request.socket.destroyed && request.socket.write(reply), delayMs)
}

const MISBEHAVIOURS: readonly ((request: ScriptedRequest) => Buffer | undefined)[] = [
  () => undefined,
  (request) => later(request, right(request), 150),
  (request) => wrong(request, (reply) => reply.writeUInt16BE((request.transaction + 1000) & 0xffff, 0)),
  (request) => Buffer.concat([right(request), registersReply(request, WRONG)]),
  (request) => wrong(request, (reply) => reply.writeUInt8(request.unit + 7, 6)),
  (request) => wrong(request, (reply) => reply.writeUInt8(4, 7)),
  (request) => right(request).subarray(0, -2),
  (request) => wrong(request, (reply) => reply.writeUInt8(2 * request.count - 2, 8)),
  (request) => {
    request.socket.write(right(request).subarray(0, 2))
    return later(request, right(request).subarray(2), 3)
  },
  (request) => {
    request.socket.write(right(request).subarray(0, 8), () => request.socket.resetAndDestroy())
    return undefined
  },
]

test('devices that misbehave in every way at once: each Good value is the right one', async (t) => {
  let turn = 0
  const answer = (request: ScriptedRequest) => {
    // Multiplicative hashing: the same mixture in every run, in no order that the polls share.
    const hash = Math.imul(++turn, 0x9e3779b1) >>> 8
    return hash % 3 === 0 ? MISBEHAVIOURS[hash % MISBEHAVIOURS.length]!(request) : right(request)
  }
  const peers = await Promise.all(Array.from({ length: DEVICES }, () => startScriptedDevice(t, answer)))
  const tags = UNITS.flatMap((unit) =>
    ADDRESSES.map((address) => ({
      name: `${held(unit, address)}`,
      address: `${unit}.hr:${address}`,
      type: 'uint16' as const,
    })),
  )
  const gateway = await startTestGateway(t, {
    devices: peers.map(({ port }, i) => ({
      name: `device-${i}`,
      type: modbus,
      options: { host: '127.0.0.1', port, timeout: '80ms', maxInFlight: 4 },
      tags,
      everyMs: 40,
    })),
  })
  const faults: string[] = []
  let good = 0
  gateway.onBatch((batch) => {
    for (const { tag, value, status } of batch) {
      const name = gateway.store.tags.get(tag)!.settings.name
      if (status !== Status.Good) continue
      good++
      if (String(value) !== name) faults.push(`${String(value)} in place of ${name}`)
    }
  })
  await eventually('enough was asked', () => turn > 1200 && good > 300, 15_000)
  assert.deepEqual(faults, [])
})
