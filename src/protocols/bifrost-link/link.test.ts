/** Client and server of the link over a stream: the order of things, credit, patience, silence, and bytes that no gateway sends. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { HAS_VALUE, SampleBatch } from '../../core/batch.ts'
import { systemClock } from '../../core/clock.ts'
import { BusyError, GatewayError, NotConnectedError } from '../../core/errors.ts'
import { duplexPair } from '../../testing/duplex-pair.ts'
import { eventually } from '../../testing/peers.ts'
import { VirtualClock } from '../../testing/virtual-clock.ts'
import { LinkClient } from './client.ts'
import { Compressor } from './compression.ts'
import { RowEncoder } from './encode-rows.ts'
import { encodeFrame, LinkFrames } from './frame.ts'
import { decodeHello, encodeHello, encodeRefused, encodeWelcome } from './hello.ts'
import { encodeGap, encodeSamples } from './messages.ts'
import { LinkSession, type ClientFrame } from './session.ts'
import { encodeTags } from './tags.ts'

const signal = AbortSignal.timeout(10_000)
const HELLO = { gateway: 'edge-1', logId: 'k3f9', token: '', software: 'test' }
const HEARTBEAT_MS = 1000

const optionsFor = (clock = systemClock) => ({
  clock,
  endpoint: 'central:7180',
  hello: HELLO,
  helloTimeoutMs: 2000,
  ackTimeoutMs: 5000,
})

const sessions: LinkSession[] = []
after(() => sessions.forEach((session) => session.end(new NotConnectedError('the tests are over'))))

async function linked(clock = systemClock, credit = 1_000_000) {
  const { near, far } = duplexPair()
  const session = new LinkSession(far, { clock, heartbeatMs: HEARTBEAT_MS })
  sessions.push(session)
  const opening = LinkClient.open(near, optionsFor(clock), signal)
  const hello = await session.hello(2000)
  session.welcome({ version: 1, logId: 'upst', held: [{ from: 1, to: 7 }, { from: 10, to: 10 }], credit }) // prettier-ignore
  return { client: await opening, session, hello, near, far }
}

function batchOf(values: readonly number[], firstSeq: number): SampleBatch {
  const batch = new SampleBatch(values.length, 1_700_000_000_000)
  batch.seq = new Float64Array(values.length)
  values.forEach((value, at) => {
    batch.pushNumber(1, value, 0, 1_700_000_000_000 + at, HAS_VALUE)
    batch.seq![at] = firstSeq + at
  })
  return batch
}

/** What a client sends: a tag, then batches of it. */
class Sender {
  readonly #client: LinkClient
  readonly #encoder = new RowEncoder()
  readonly #compressor = new Compressor()

  constructor(client: LinkClient) {
    this.#client = client
  }

  async introduce(): Promise<void> {
    await this.#client.ready(signal)
    this.#client.send(
      encodeTags([{ alias: 1, device: 'press-1', name: 'level', type: 'float64', everyMs: 1000 }]).frame,
    )
  }

  async samples(values: readonly number[], from: number): Promise<number> {
    this.#client.begin()
    await this.#client.ready(signal)
    const batch = batchOf(values, from)
    const rows = Uint32Array.from(values.keys())
    const { bytes } = this.#encoder.encode(batch, batch.tag, rows, [0, rows.length], from)
    const settles = { number: this.#client.nextNumber(), epoch: this.#client.epoch, from, to: from + values.length - 1 }
    this.#client.send(encodeSamples(settles, 0, bytes, this.#compressor))
    return settles.number
  }
}

test('hello and welcome say what each side has; samples and gaps arrive in order, acks come back', async () => {
  const { client, session, hello } = await linked()
  assert.deepEqual(hello, { ...HELLO, oldestVersion: 1, newestVersion: 1 })
  assert.deepEqual(client.welcome.held, [{ from: 1, to: 7 }, { from: 10, to: 10 }]) // prettier-ignore
  const got: ClientFrame[] = []
  const serving = (async () => {
    for await (const frame of session.frames()) {
      got.push(frame)
      if (frame.kind !== 'tags') session.ack({ number: frame.number, credit: 1_000_000, rejected: new Map([['no', [12]]]) }) // prettier-ignore
    }
  })().catch((error: unknown) => error)
  const sender = new Sender(client)
  await sender.introduce()
  const number = await sender.samples([1.5, 2.5], 11)
  assert.deepEqual([...(await client.settled(number, signal))], [[12, 'no']])
  const gap = { number: client.nextNumber(), epoch: 0, from: 13, to: 20, samples: 8, reason: 'retention', fromTime: 1, toTime: 2, tags: [1] } // prettier-ignore
  client.send(encodeGap(gap))
  await client.settled(gap.number, signal)
  await client.close()
  assert.ok((await serving) instanceof NotConnectedError)
  assert.deepEqual(got.map(({ kind }) => kind), ['tags', 'samples', 'gap']) // prettier-ignore
  const [, samples, told] = got
  assert.deepEqual(samples?.kind === 'samples' && [...samples.batch].map(({ seq, value }) => [seq, value]), [[11, 1.5], [12, 2.5]]) // prettier-ignore
  assert.deepEqual(told?.kind === 'gap' && [told.from, told.to, told.samples, told.reason, told.tags], [13, 20, 8, 'retention', [1]]) // prettier-ignore
})

test('what comes or goes in one piece leaves others their turn, at both ends', async () => {
  // Each look at this clock takes as long as a frame that a few bytes were pressed from.
  let now = 0
  const clock = { ...systemClock, monotonic: () => (now += 6) }
  const { client, session } = await linked(clock)
  let frames = 0
  let turns = 0
  const turn = () => {
    turns++
    if (frames < 200) setImmediate(turn)
  }
  setImmediate(turn)
  const serving = (async () => {
    for await (const frame of session.frames()) if (frame.kind !== 'tags') frames++
  })().catch(() => undefined)
  const sender = new Sender(client)
  await sender.introduce()
  const before = turns
  for (let at = 0; at < 200; at++) {
    await client.ready(signal)
    const batch = batchOf([at], 11 + at)
    client.send(encodeGap({ number: client.nextNumber(), epoch: 0, from: batch.seq![0]!, to: batch.seq![0]!, samples: 1, reason: 'x', fromTime: 1, toTime: 2, tags: undefined })) // prettier-ignore
  }
  const sending = turns - before
  await eventually('all have come', () => frames === 200)
  const receiving = turns - before - sending
  assert.ok(sending > 50, `${sending} turns while 200 frames went`)
  assert.ok(sending + receiving > 90, `${sending} and ${receiving} turns`)
  await client.close()
  await serving
})

test('a client without credit waits, and goes on when there is some', async () => {
  const { client, session } = await linked(systemClock, 1)
  const sender = new Sender(client)
  await sender.introduce()
  let isReady = false
  const waiting = client.ready(signal).then(() => (isReady = true))
  await new Promise((resolve) => setTimeout(resolve, 30))
  assert.equal(isReady, false)
  session.ack({ number: 0, credit: 1_000_000, rejected: new Map() })
  await waiting
  const lost = new Promise((resolve) => (client.onLost = resolve))
  session.end(new NotConnectedError('over'))
  await lost
  await assert.rejects(client.ready(signal), NotConnectedError)
})

test('busy ends the write with its patience, and what was on its way then does not count', async () => {
  const { client, session } = await linked()
  const frames = session.frames()
  const sender = new Sender(client)
  await sender.introduce()
  await frames.next()
  const first = await sender.samples([1], 11)
  await frames.next()
  const second = sender.samples([2], 12)
  session.busy({ number: 1, credit: 1_000_000, retryAfterMs: 700, reason: 'its log is full' })
  await second
  let leftOut = 0
  session.onLeftOut = (bytes) => (leftOut += bytes)
  const next = frames.next()
  await assert.rejects(client.settled(first, signal), (error: unknown) => {
    return error instanceof BusyError && error.retryAfterMs === 700 && /its log is full/.test(error.message)
  })
  await sender.samples([3], 11)
  const { value: frame } = await next
  assert.deepEqual(frame?.kind === 'samples' && [...frame.batch].map(({ value }) => value), [3])
  assert.ok(leftOut > 0)
  await client.close()
})

test('each refusal becomes what a runner does about it', async () => {
  const refusals = [
    ['unknown', 'SINK_REFUSED'],
    ['certificate', 'SINK_REFUSED'],
    ['token', 'SINK_REFUSED'],
    ['version', 'SINK_REFUSED'],
    ['wait', 'BUSY'],
    ['violation', 'PROTOCOL_VIOLATION'],
  ] as const
  for (const [code, expected] of refusals) {
    const { near, far } = duplexPair()
    const opening = LinkClient.open(near, optionsFor(), signal)
    far.write(encodeRefused({ code, retryAfterMs: 5, reason: 'no gateway of the name edge-1' }))
    await assert.rejects(opening, (error: unknown) => {
      return error instanceof GatewayError && error.code === expected && /central:7180.*edge-1/.test(error.message)
    })
    assert.ok(near.destroyed)
  }
})

test('a server that falls silent, or confirms nothing, is lost; so is a client', async () => {
  const clock = new VirtualClock()
  const { client, session, far } = await linked(clock)
  const losses: string[] = []
  client.onLost = ({ code }) => losses.push(code)
  const serving = session.frames().next().catch((error: GatewayError) => error.code) // prettier-ignore
  far.cork()
  for (let at = 0; at < 5; at++) await clock.advance(HEARTBEAT_MS)
  assert.deepEqual(losses, ['TIMEOUT'])
  assert.equal(await serving, 'NOT_CONNECTED')

  const other = await linked(clock)
  const sender = new Sender(other.client)
  await sender.introduce()
  const number = await sender.samples([1], 11)
  const rest = (async () => {
    for await (const _ of other.session.frames()) void _
  })().catch(() => undefined)
  const settled = other.client.settled(number, signal)
  settled.catch(() => undefined)
  for (let at = 0; at < 8; at++) await clock.advance(HEARTBEAT_MS)
  await assert.rejects(settled, /confirmed nothing for 5000 ms/)
  await rest
})

test('a frame is cut wherever the chunks end, and one changed bit is noticed', () => {
  const hello = encodeHello({ ...HELLO, gateway: 'Presse Ä', oldestVersion: 1, newestVersion: 3 })
  for (let cut = 0; cut <= hello.length; cut++) {
    const frames = new LinkFrames()
    frames.push(hello.subarray(0, cut))
    const early = frames.next()
    frames.push(hello.subarray(cut))
    const frame = early ?? frames.next()
    assert.equal(decodeHello(frame!.body).gateway, 'Presse Ä')
  }
  for (let bit = 32; bit < hello.length * 8; bit++) {
    const damaged = Buffer.from(hello)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    const frames = new LinkFrames()
    frames.push(damaged)
    assert.throws(() => frames.next(), /checksum is wrong/)
  }
})

test('any bytes at the server end in a violation or wait for more; before the hello no more than a hello is taken', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1 }), async (chunks) => {
      const { near, far } = duplexPair()
      const session = new LinkSession(far, { clock: systemClock, heartbeatMs: HEARTBEAT_MS })
      for (const chunk of chunks) near.write(chunk)
      near.end()
      await assert.rejects(session.hello(1000), (error: unknown) => error instanceof GatewayError)
    }),
    { numRuns: 200 },
  )
  const { near, far } = duplexPair()
  const session = new LinkSession(far, { clock: systemClock, heartbeatMs: HEARTBEAT_MS })
  near.write(Buffer.from([0, 0, 0x20, 0]))
  await assert.rejects(session.hello(1000), /a frame of 8192 bytes: at most 4088 are allowed here/)
})

test('what no client sends ends its session', async () => {
  const bodies: readonly (readonly [Buffer, RegExp])[] = [
    [encodeWelcome({ version: 1, logId: 'x', held: [], credit: 1, heartbeatMs: 1 }), /a frame of welcome, which no client sends/],
    [encodeFrame('samples', Buffer.from([2, 0, 1, 0, 0, 0, 0])), /frame 2 after frame 0|columns|ends in the middle/],
    [encodeFrame('samples', Buffer.from([1, 9, 1, 0, 0, 0, 0])), /epoch|ends in the middle/],
    [encodeFrame('tags', Buffer.from([0, 1, 65])), /announced or needed|ends in the middle/],
    [encodeFrame('gap', Buffer.from([1, 0, 0, 0])), /begin at 1/],
  ] // prettier-ignore
  for (const [bytes, expected] of bodies) {
    const { session, near, client } = await linked()
    near.write(bytes)
    await assert.rejects(session.frames().next(), expected)
    session.end(new NotConnectedError('over'))
    await client.close()
  }
})

test('a server that answers nonsense is told from an upstream gateway within its hello', async () => {
  const answers = ['HTTP/1.1 400 Bad Request\r\n\r\n', '\x16\x03\x01\x02\x00\x01', '\x00\x00\x00\x00', ' '.repeat(5000)]
  for (const answer of answers) {
    const { near, far } = duplexPair()
    const opening = LinkClient.open(near, optionsFor(), signal)
    far.write(answer)
    await assert.rejects(opening, /central:7180 does not speak as an upstream gateway does/)
  }
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 100 }), async (bytes) => {
      const { client, far } = await linked()
      const lost = new Promise<GatewayError>((resolve) => (client.onLost = resolve))
      far.end(bytes)
      assert.ok(['PROTOCOL_VIOLATION', 'NOT_CONNECTED'].includes((await lost).code))
      far.destroy()
    }),
    { numRuns: 100 },
  )
})
