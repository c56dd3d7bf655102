import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Framer, type FrameFormat } from './framer.ts'
import { violation } from './reader.ts'

/** `frame = mark (7E) · length · bytes`: as simple as a framed protocol gets. */
const format: FrameFormat = {
  headerBytes: 2,
  maxBytes: 34,
  measure(bytes, start) {
    if (bytes[start] !== 0x7e) throw violation('no mark')
    if (bytes[start + 1]! > 32) throw violation('too long')
    return 2 + bytes[start + 1]!
  },
}

/** Frames and the violation that a stream gives, cut at these places. */
function parse(
  stream: Uint8Array,
  cuts: readonly number[],
): { frames: string[]; violation: string | undefined; pending: number } {
  const framer = new Framer(format)
  const frames: string[] = []
  const edges = [0, ...[...cuts].map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
  for (let i = 1; i < edges.length; i++) {
    framer.push(stream.slice(edges[i - 1], edges[i]))
    try {
      while (framer.next()) frames.push(Buffer.from(framer.bytes.subarray(framer.start, framer.end)).toString('hex'))
    } catch (error) {
      return { frames, violation: (error as Error).message, pending: 0 }
    }
  }
  return { frames, violation: undefined, pending: framer.pending }
}

const frame = fc.uint8Array({ maxLength: 32 }).map((body) => Uint8Array.of(0x7e, body.length, ...body))

test('property: however the stream is cut, the frames are the same, and no more is kept than one unfinished frame', () => {
  const streams = fc
    .array(frame, { maxLength: 20 })
    .map((frames) => Uint8Array.from(frames.flatMap((bytes) => [...bytes])))
  fc.assert(
    fc.property(streams, fc.array(fc.nat(), { maxLength: 30 }), fc.nat(10), (stream, cuts, missing) => {
      const cutOff = stream.slice(0, Math.max(0, stream.length - missing))
      const whole = parse(cutOff, [])
      assert.deepEqual(parse(cutOff, cuts), whole)
      assert.equal(whole.frames.join('').length / 2 + whole.pending, cutOff.length)
      assert.ok(whole.pending < format.maxBytes)
    }),
  )
})

test('property: any bytes give frames, "not yet" or a violation, the same for every cut', () => {
  const noise = fc
    .array(fc.oneof(frame, fc.uint8Array({ maxLength: 6 })), { maxLength: 8 })
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])))
  fc.assert(
    fc.property(noise, fc.array(fc.nat(), { maxLength: 10 }), (stream, cuts) => {
      assert.deepEqual(parse(stream, cuts), parse(stream, []))
    }),
    { numRuns: 1000 },
  )
})

test('byte by byte is the same as at once', () => {
  const stream = Buffer.from('7e00' + '7e03010203' + '7e01ff' + '7e', 'hex')
  const expected = { frames: ['7e00', '7e03010203', '7e01ff'], violation: undefined, pending: 1 }
  assert.deepEqual(parse(stream, []), expected)
  assert.deepEqual(
    parse(
      stream,
      Array.from({ length: stream.length }, (_, i) => i),
    ),
    expected,
  )
})

test('after a violation every further call says the same: the stream has no meaning any more', () => {
  const framer = new Framer(format)
  framer.push(Uint8Array.of(0x00, 0x00))
  assert.throws(() => framer.next(), /no mark/)
  framer.push(Uint8Array.of(0x7e, 0x00))
  assert.throws(() => framer.next(), /no mark/)
})

test('a chunk pushed before the last one was used up follows it', () => {
  const framer = new Framer(format)
  framer.push(Uint8Array.of(0x7e, 0, 0x7e))
  framer.push(Uint8Array.of(1, 9))
  let frames = 0
  while (framer.next()) frames++
  assert.equal(frames, 2)
})

test('a frame put together from several chunks is not overwritten by the next one', () => {
  const framer = new Framer(format)
  framer.push(Uint8Array.of(0x7e))
  assert.equal(framer.next(), false)
  framer.push(Uint8Array.of(1, 5, 0x7e))
  assert.equal(framer.next(), true)
  const first = framer.bytes.subarray(framer.start, framer.end)
  assert.equal(framer.next(), false)
  framer.push(Uint8Array.of(1, 6))
  assert.equal(framer.next(), true)
  assert.deepEqual([...first], [0x7e, 1, 5])
})
