import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { BusyError, GatewayError, NotConnectedError } from '../core/errors.ts'
import { eventually } from '../testing/peers.ts'
import { WorkerLink } from './worker-link.ts'

const FILE = new URL('../testing/echo-worker.ts', import.meta.url)

function open(t: TestContext, stallLimitMs?: number) {
  const events: [string, unknown][] = []
  const ends: string[] = []
  const link = new WorkerLink(FILE, {
    name: 'the echo',
    maxHeapMiB: 32,
    onEvent: (name, payload) => events.push([name, payload]),
    onEnd: (error) => ends.push(error.message),
    ...(stallLimitMs === undefined ? {} : { stallLimitMs }),
  })
  t.after(() => link.close())
  return { link, events, ends }
}

test('a call is answered, with values that JSON does not know and buffers that move', async (t) => {
  const { link } = open(t)
  assert.deepEqual(await link.call('echo', { n: 5n, map: new Map([[1, 'a']]) }), { n: 5n, map: new Map([[1, 'a']]) })
  const bytes = Uint8Array.of(1, 2, 3)
  assert.deepEqual(await link.call('double', { bytes }, { transfer: [bytes.buffer] }), Uint8Array.of(2, 4, 6))
  assert.equal(bytes.length, 0, 'it went over and was not copied')
  const { cpuSeconds, heapBytes } = await link.usage()
  assert.ok(cpuSeconds > 0 && heapBytes > 1e6)
})

test('what the worker throws is thrown here, as what it is', async (t) => {
  const { link } = open(t)
  await assert.rejects(link.call('fail', { how: 'lost' }), (error) => {
    assert.ok(error instanceof NotConnectedError)
    assert.equal(error.message, 'plc-1 closed the connection')
    assert.deepEqual(error.details, { endpoint: 'x' })
    return true
  })
  await assert.rejects(
    link.call('fail', { how: 'busy' }),
    (error) => error instanceof BusyError && error.retryAfterMs === 250,
  )
  await assert.rejects(link.call('fail', { how: 'other' }), (error) => {
    return error instanceof GatewayError && error.code === 'INTERNAL' && error.message === 'a defect'
  })
  await assert.rejects(link.call('nothing'), /knows no 'nothing'/)
})

test('an abort ends the call here at once and in the worker too', async (t) => {
  const { link, events } = open(t)
  await link.call('echo')
  const controller = new AbortController()
  const call = link.call('wait', undefined, { signal: controller.signal })
  controller.abort(new Error('not wanted any more'))
  await assert.rejects(call, /not wanted any more/)
  await eventually('the worker ended it', () => events.length === 1)
  assert.deepEqual(events, [['ended', { aborted: true }]])
  await assert.rejects(link.call('echo', 1, { signal: controller.signal }), /not wanted any more/)
})

for (const [how, said] of [
  ['exit', /the echo ended$/],
  ['exhaust', /the echo failed: .*memory/i],
] as const) {
  test(`a worker that ends (${how}) rejects what is open, is told once, and refuses what comes`, async (t) => {
    const { link, ends } = open(t)
    const waiting = assert.rejects(link.call('wait'), (error) => error instanceof NotConnectedError)
    await assert.rejects(link.call(how), said)
    await waiting
    await assert.rejects(link.call('echo'), said)
    assert.equal(ends.length, 1)
    assert.match(ends[0]!, said)
  })
}

test('a worker that stands still is ended', async (t) => {
  const { link, ends } = open(t, 300)
  await link.call('echo')
  await assert.rejects(link.call('standStill'), /gave no sign of life for 300ms and was ended/)
  assert.equal(ends.length, 1)
})

test('one that was closed is not told as a loss', async (t) => {
  const { link, ends } = open(t)
  const waiting = assert.rejects(link.call('wait'), /was closed/)
  await link.close()
  await waiting
  assert.deepEqual(ends, [])
})
