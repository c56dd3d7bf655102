/** Devices that lead several connections astray: what they do to the reads that a single connection would have answered. */
import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Context } from '../../core/driver.ts'
import { encodeRequest } from '../../protocols/modbus/index.ts'
import { testContext } from '../../testing/driver-suite.ts'
import { registersReply, startScriptedDevice } from '../../testing/scripted-device.ts'
import { LineConnection } from './connection.ts'
import { modbus } from './driver.ts'

const signal = new AbortController().signal

/** Reads for `forMs`, as many at once as the line allows; resolves with how many were answered and not, in the first and second half. */
async function readFor(t: TestContext, port: number, forMs: number, given: Record<string, unknown>) {
  let limit = 1
  const line = new LineConnection()
  const context: Context = { ...testContext(), limitInFlight: (total) => void (limit = total) }
  const options = modbus.options.parse({ host: '127.0.0.1', port, timeout: '250ms', ...given })
  const user = {}
  const client = await line.join(user, options, context, signal)
  t.after(() => line.leave(user))
  const counts = { early: { good: 0, bad: 0 }, late: { good: 0, bad: 0 } }
  const began = Date.now()
  const running = new Set<Promise<unknown>>()
  const pdu = encodeRequest({ functionCode: 3, address: 7, count: 1 }).slice()
  while (Date.now() - began < forMs) {
    const count = Date.now() - began < forMs / 2 ? counts.early : counts.late
    while (running.size < limit) {
      const one: Promise<unknown> = client
        .request(1, pdu, signal)
        .then(
          () => count.good++,
          () => count.bad++,
        )
        .then(() => running.delete(one))
      running.add(one)
    }
    await Promise.race(running)
  }
  await Promise.all(running)
  return { ...counts, load: line.learned }
}

for (const [maxInFlight, maxConnections] of [
  [1, 2],
  [4, 3],
] as const) {
  test(`a device that accepts connections on which it never answers: one is left (${maxInFlight} × ${maxConnections})`, async (t) => {
    let first: Socket | undefined
    const device = await startScriptedDevice(t, (request) => {
      first ??= request.socket
      if (request.socket !== first) return undefined
      setTimeout(() => first?.destroyed === false && first.write(registersReply(request, 7)), 1)
      return undefined
    })
    const { early, late, load } = await readFor(t, device.port, 3000, { maxInFlight, maxConnections })
    assert.equal(load?.connections, 1)
    assert.deepEqual([early.bad + late.bad, late.good > 100], [0, true], JSON.stringify({ early, late, load }))
  })
}
