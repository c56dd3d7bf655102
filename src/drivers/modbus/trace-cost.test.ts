/** A trace that is off costs a request nothing that counts: measured in bytes that were allocated, not in time. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { test } from 'node:test'
import { getHeapStatistics } from 'node:v8'
import { systemClock } from '../../core/clock.ts'
import type { TraceTap } from '../../core/driver.ts'
import { encodeRequest, ModbusClient } from '../../protocols/modbus/index.ts'

const PDU = encodeRequest({ functionCode: 3, address: 0, count: 2 })
/** Many, because the heap is counted in pieces of some 100 KB. */
const REQUESTS = 8000
const ROUNDS = 5

/** A far side that answers in the same turn. */
const echo = (): Duplex =>
  new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      const reply = Buffer.from([0, 0, 0, 0, 0, 7, 1, 3, 4, 0, 1, 0, 2])
      chunk.copy(reply, 0, 0, 2)
      this.push(reply)
      done()
    },
  })

/** Bytes of the heap a request, the least of some rounds for each: others allocate meanwhile, and the first rounds warm up. */
async function bytesPerRequest(traces: readonly (TraceTap | undefined)[]): Promise<number[]> {
  const clients = traces.map((trace) =>
    new ModbusClient(echo(), { maxInFlight: 1, timeoutMs: 1000, clock: systemClock }).tracedBy(trace),
  )
  const least = clients.map(() => Infinity)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [which, client] of clients.entries()) {
      const before = getHeapStatistics().total_allocated_bytes
      for (let at = 0; at < REQUESTS; at++) await client.request(1, PDU)
      least[which] = Math.min(least[which]!, (getHeapStatistics().total_allocated_bytes - before) / REQUESTS)
    }
  }
  for (const client of clients) client.close()
  return least
}

test('a trace that is off allocates no frame and no record; one that is on does', async (t) => {
  const seen = [0, 0]
  const tap = (which: number, active: boolean): TraceTap => ({ active, exchange: () => void (seen[which]! += 1) })
  const [none, off, on] = (await bytesPerRequest([undefined, tap(0, false), tap(1, true)])) as [number, number, number]
  assert.deepEqual(seen, [0, ROUNDS * REQUESTS])
  t.diagnostic(`bytes a request: no trace ${none.toFixed(0)}, off ${off.toFixed(0)}, on ${on.toFixed(0)}`)
  assert.ok(on - none > 200, 'the count sees what a trace allocates')
  assert.ok(off < (none + on) / 2, `${off - none} bytes a request while it is off, ${on - none} while it is on`)
})
