/** Thin, slow and broken links: what they cost, what is left out, and that nothing else is lost or comes twice. */
import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { BusyError, NotConnectedError } from '../../core/errors.ts'
import { batchOf, sinkContext, tagTable, type DeliveryRig, type Row } from '../../testing/delivery-rig.ts'
import { eventually, freePort } from '../../testing/peers.ts'
import { ReceiverRig } from '../../testing/receiver-rig.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { bifrost } from './sink.ts'

const signal = AbortSignal.timeout(60_000)
const timeout = 30_000
const counters = (from: number, to: number): Row[] =>
  Array.from({ length: to - from + 1 }, (_, at): Row => [1, from + at])
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1)
const values = async (rig: ReceiverRig) => (await rig.rows()).map(({ value }) => value)

async function confirmed(edge: DeliveryRig): Promise<void> {
  const said = () => JSON.stringify(edge.runner.status())
  await eventually(() => `all is confirmed: ${said()}`, () => edge.cursor.ledger().pending === 0, 20_000) // prettier-ignore
}

test('what is thinned counts as dropped, and upstream knows how much it was', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const thin = [{ match: 'press-*/vibration*', every: '10s' }]
  const edge = rig.edge({ tags: tagTable('press-1/vibration', 'press-1/level') }, { thin })
  const start = 1_700_000_000_000
  const rows = Array.from({ length: 2000 }, (_, at): Row => [1 + (at % 2), Math.sin(at), 0, start + at * 10])
  edge.cursor.append(batchOf(rows))
  await confirmed(edge)
  const { routed, delivered, dropped } = edge.cursor.ledger()
  assert.equal(routed, delivered + dropped.thinned!)
  assert.ok(dropped.thinned! > 900 && dropped.thinned! < 1000, `${dropped.thinned}`)
  const received = await rig.rows()
  assert.equal(received.length, delivered)
  assert.equal(received.filter(({ tag }) => tag === 'level').length, 1000)
  const vibration = (some: readonly { tag: string; value: unknown }[]) => some.filter(({ tag }) => tag === 'vibration').map(({ value }) => value as number) // prettier-ignore
  const all = rows.filter(([tag]) => tag === 1).map(([, value]) => value as number)
  assert.equal(Math.max(...vibration(received)), Math.max(...all))
  assert.equal(Math.min(...vibration(received)), Math.min(...all))
  assert.equal(rig.receiver.status()[0]!.leftOut, dropped.thinned)
  assert.equal(edge.runner.status().facts['left out by thinning'], dropped.thinned)
})

test('a cap on bandwidth is kept to, by many small frames', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const bytesPerSecond = 4000
  const edge = rig.edge({ tags: tagTable('a/x') }, { bandwidth: bytesPerSecond })
  const rows = Array.from({ length: 2000 }, (_, at): Row => [1, Math.sin(at) * 1e6])
  const began = performance.now()
  edge.cursor.append(batchOf(rows))
  await confirmed(edge)
  const seconds = (performance.now() - began) / 1000
  const { bytes } = rig.receiver.status()[0]!
  // One second's worth may be sent at once, and a frame of up to two seconds on top.
  assert.ok(bytes > 12_000 && bytes <= bytesPerSecond * (seconds + 3.1), `${bytes} bytes in ${seconds} s`)
  assert.ok(seconds > 0.8, `${seconds} s`)
  assert.equal((await rig.rows()).length, 2000)
})

test('tags are introduced within the cap too', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const bytesPerSecond = 10_000
  const names = Array.from({ length: 600 }, (_, at) => `a/${'long name '.repeat(5)}${at}`)
  const edge = rig.edge({ tags: tagTable(...names) }, { bandwidth: bytesPerSecond })
  const began = performance.now()
  let most = 0
  const timer = setInterval(() => {
    const allowed = bytesPerSecond * ((performance.now() - began) / 1000 + 3.1)
    most = Math.max(most, rig.receiver.status()[0]!.bytes - allowed)
  }, 20)
  edge.cursor.append(batchOf(names.map((_, at): Row => [1 + at, at])))
  await confirmed(edge)
  clearInterval(timer)
  assert.ok(rig.receiver.status()[0]!.bytes > 36_000)
  assert.ok(most <= 0, `${most} bytes more than allowed`)
})

test('sent no more often than said, in fewer bytes a sample', { timeout }, async (t) => {
  const cost = async (options: object) => {
    const rig = await ReceiverRig.start(t)
    const edge = rig.edge({ tags: tagTable('a/x') }, options)
    let count = 0
    const timer = setInterval(() => edge.cursor.append(batchOf(counters(++count, count))), 10)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    clearInterval(timer)
    await confirmed(edge)
    assert.deepEqual(await values(rig), upTo(count))
    return { writes: edge.runner.status().writes, bytes: Number(edge.runner.status().facts['bytes a sample']) }
  }
  const eager = await cost({})
  const calm = await cost({ sendEvery: '500ms' })
  assert.ok(calm.writes <= 5, `${calm.writes} writes`)
  assert.ok(calm.bytes < eager.bytes, `${calm.bytes} bytes a sample, ${eager.bytes} without`)
})

test('an upstream gateway whose disk is slow slows the edge, and nothing else', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t, { syncMs: 400 })
  const edge = rig.edge({ tags: tagTable('a/x'), runner: { batchRows: 5000 } })
  edge.cursor.append(batchOf(counters(1, 20_000)))
  await confirmed(edge)
  assert.equal(edge.runner.status().retries, 0)
  assert.deepEqual(await values(rig), upTo(20_000))
})

/** Passes bytes on until so many went through, then cuts both ways. */
async function startCutter(
  t: TestContext,
  to: number,
): Promise<{ port: number; cuts: () => number; calm: () => void }> {
  const port = await freePort()
  let seed = 11
  let cuts = 0
  let isCalm = false
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    let left = 60 + (seed % 3000)
    const cut = () => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', cut).on('close', cut)
    }
    const pass = (from: Socket, into: Socket) =>
      from.on('data', (chunk: Buffer) => {
        into.write(isCalm ? chunk : chunk.subarray(0, left))
        left -= chunk.length
        if (isCalm || left > 0) return
        cuts++
        setTimeout(cut, 1)
      })
    pass(near, far)
    pass(far, near)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return { port, cuts: () => cuts, calm: () => (isCalm = true) }
}

test(
  'a connection that is cut in mid-frame, again and again: everything arrives once, in order',
  { timeout },
  async (t) => {
    const rig = await ReceiverRig.start(t)
    const cutter = await startCutter(t, rig.port)
    const edge = rig.edge({ tags: tagTable('a/x'), runner: { batchRows: 250, pause: { firstMs: 1, maxMs: 5 } } }, { port: cutter.port }) // prettier-ignore
    let count = 0
    const timer = setInterval(() => edge.cursor.append(batchOf(counters(count + 1, (count += 100)))), 5)
    await eventually('the connection was cut often', () => cutter.cuts() > 15, 20_000)
    clearInterval(timer)
    cutter.calm()
    await confirmed(edge)
    assert.deepEqual(await values(rig), upTo(count))
  },
)

test('outside its windows there is no connection, and the sink says when there will be', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const noon = new Date(2026, 10, 4, 12).getTime()
  const clock = new VirtualClock(noon)
  const options = bifrost.options.parse({ host: '127.0.0.1', port: rig.port, tls: false, gateway: 'edge-1', windows: ['13:00-14:00'] }) // prettier-ignore
  const sink = bifrost.create(options, sinkContext({ clock, tags: tagTable('a/x') }))
  const lost: string[] = []
  sink.onLost!((error) => lost.push(error.message))
  const isClosed = (error: unknown) => error instanceof BusyError && error.retryAfterMs === 3_600_000 && /the next begins in 1h/.test(error.message) // prettier-ignore
  await assert.rejects(sink.connect(signal), isClosed)
  assert.equal(sink.facts!()['closed until its next window'], '1h')
  assert.equal(rig.receiver.status()[0]!.connected, false)
  await clock.advance(3_600_000)
  await sink.connect(signal)
  await sink.write(batchOf([[1, 1]]), signal)
  await clock.advance(3_599_000)
  assert.deepEqual(lost, [])
  await clock.advance(20_000)
  assert.match(lost.join(), /the window of this link is over/)
  await assert.rejects(sink.write(batchOf([[1, 2]], 2), signal), BusyError)
  await eventually('the connection is gone', () => !rig.receiver.status()[0]!.connected)
  await sink.close()
})

test('a wait ends when it shall, and a sink without a connection says so', { timeout }, async (t) => {
  const rig = await ReceiverRig.start(t)
  const options = bifrost.options.parse({ host: '127.0.0.1', port: rig.port, tls: false, gateway: 'edge-1', sendEvery: '1h' }) // prettier-ignore
  const sink = bifrost.create(options, sinkContext({ tags: tagTable('a/x') }))
  await assert.rejects(sink.write(batchOf([[1, 1]]), signal), NotConnectedError)
  const second = bifrost.create(options, sinkContext({ tags: tagTable('a/x') }))
  await second.connect(signal)
  await second.write(batchOf([[1, 1]]), signal)
  const stop = new AbortController()
  assert.equal(second.isWaiting!(), false)
  const waiting = second.write(batchOf([[1, 2]], 2), stop.signal)
  assert.equal(second.isWaiting!(), true, 'nobody takes it for stuck')
  stop.abort(new Error('stopped'))
  await assert.rejects(waiting, /stopped/)
  assert.equal(second.isWaiting!(), false)
  await second.close()
})
