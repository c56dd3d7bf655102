/** What travels after the welcome (PROTOCOL.md): samples and gaps one way, acks and busy the other, ping and pong both. */
import type { SampleBatch } from '../../core/batch.ts'
import { violation } from '../../wire/reader.ts'
import type { Compressor, Decompressor } from './compression.ts'
import type { RowDecoder } from './decode-rows.ts'
import { encodeFrame } from './frame.ts'
import { shortened } from './hello.ts'
import { MAX_ALIAS, MAX_FRAME_ROWS, MAX_RAW_BYTES } from './limits.ts'
import type { LinkReader } from './link-reader.ts'
import { LinkWriter } from './link-writer.ts'

const MAX_REASONS = 32
/** More tags than this a gap does not name. */
const MAX_GAP_TAGS = 1000

/** What samples and gaps have in common: their place in this link, and the numbers of the origin's log that they settle. */
export interface Settles {
  /** 1, 2, 3 … in each link. */
  readonly number: number
  readonly from: number
  readonly to: number
  /** How often the client was told to be busy before it sent this: what it sent before it heard so does not count. */
  readonly epoch: number
}

export interface SamplesFrame extends Settles {
  /** How many samples between `from` and `to` the client left out on purpose. */
  readonly leftOut: number
  /** The tag of a row is its alias; numbers are set. */
  readonly batch: SampleBatch
}

export interface GapFrame extends Settles {
  readonly samples: number | undefined
  readonly reason: string
  readonly fromTime: number
  readonly toTime: number
  /** Aliases, where it is known whose they were. */
  readonly tags: readonly number[] | undefined
}

export interface Ack {
  /** Everything up to this frame is on the server's disk. */
  readonly number: number
  /** As in the welcome: all bytes that may have been sent by now. */
  readonly credit: number
  /** Numbers of samples that will never be taken, by reason. */
  readonly rejected: ReadonlyMap<string, readonly number[]>
}

/** Nothing from this frame on was taken: it is to be sent again. */
export interface Busy {
  readonly number: number
  readonly credit: number
  readonly retryAfterMs: number
  readonly reason: string
}

export function encodeSamples(settles: Settles, leftOut: number, rows: Buffer, compressor: Compressor): Buffer {
  const { form, bytes } = compressor.compress(rows)
  const head = settling(settles).varint(leftOut).uint8(form).varint(rows.length)
  return encodeFrame('samples', head.raw(bytes).finish())
}

export function decodeSamples(body: LinkReader, decompressor: Decompressor, rows: RowDecoder): SamplesFrame {
  const settles = settledBy(body)
  const leftOut = body.varint('samples left out')
  const form = body.uint8('form of the payload')
  const length = body.varint('length of the payload', MAX_RAW_BYTES)
  const payload = decompressor.decompress(form, body.rest(), length)
  return { ...settles, leftOut, batch: rows.decode(payload, settles.from, settles.to) }
}

export function encodeGap(gap: GapFrame): Buffer {
  const body = settling(gap).varint(gap.samples === undefined ? 0 : gap.samples + 1)
  body.float64(gap.fromTime).float64(gap.toTime).text(shortened(gap.reason))
  const tags = gap.tags === undefined || gap.tags.length > MAX_GAP_TAGS ? undefined : gap.tags
  body.varint(tags === undefined ? 0 : tags.length + 1)
  for (const alias of tags ?? []) body.varint(alias)
  return encodeFrame('gap', body.finish())
}

export function decodeGap(body: LinkReader): GapFrame {
  const settles = settledBy(body)
  const samples = body.varint('samples')
  const fromTime = body.float64('beginning')
  const toTime = body.float64('end')
  const reason = body.text('reason')
  const count = body.varint('number of tags', MAX_GAP_TAGS + 1)
  const tags = Array.from({ length: Math.max(0, count - 1) }, () => body.varint('alias', MAX_ALIAS))
  body.expectEnd('gap')
  if (!Number.isFinite(fromTime) || !Number.isFinite(toTime)) throw violation('a gap at no time')
  return {
    ...settles,
    samples: samples === 0 ? undefined : samples - 1,
    reason,
    fromTime,
    toTime,
    tags: count === 0 ? undefined : tags,
  }
}

export function encodeAck({ number, credit, rejected }: Ack): Buffer {
  const body = new LinkWriter().varint(number).varint(credit).varint(rejected.size)
  for (const [reason, numbers] of rejected) {
    body.text(shortened(reason)).varint(numbers.length)
    let before = 0
    for (const seq of numbers) {
      body.varint(seq - before)
      before = seq
    }
  }
  return encodeFrame('ack', body.finish())
}

export function decodeAck(body: LinkReader): Ack {
  const number = body.varint('frame number')
  const credit = body.varint('credit')
  const rejected = new Map<string, number[]>()
  for (let reasons = body.varint('number of reasons', MAX_REASONS); reasons > 0; reasons--) {
    const reason = body.text('reason')
    let seq = 0
    const count = body.varint('number of samples', MAX_FRAME_ROWS)
    rejected.set(
      reason,
      Array.from({ length: count }, () => (seq += body.varint('number', Number.MAX_SAFE_INTEGER - seq))),
    )
  }
  body.expectEnd('ack')
  return { number, credit, rejected }
}

export const encodeBusy = ({ number, credit, retryAfterMs, reason }: Busy): Buffer =>
  encodeFrame(
    'busy',
    new LinkWriter().varint(number).varint(credit).varint(retryAfterMs).text(shortened(reason)).finish(),
  )

export function decodeBusy(body: LinkReader): Busy {
  const busy = {
    number: body.varint('frame number'),
    credit: body.varint('credit'),
    retryAfterMs: body.varint('retry after', 86_400_000),
    reason: body.text('reason'),
  }
  body.expectEnd('busy')
  return busy
}

/** `stamp` comes back as it went; 0: nobody asked, the far side only says that it is there. */
export const encodeStamp = (kind: 'ping' | 'pong', stamp: number): Buffer =>
  encodeFrame(kind, new LinkWriter(8).varint(stamp).finish())

export function decodeStamp(body: LinkReader): number {
  const stamp = body.varint('stamp')
  body.expectEnd('stamp')
  return stamp
}

const settling = ({ number, from, to, epoch }: Settles): LinkWriter =>
  new LinkWriter(64)
    .varint(number)
    .varint(epoch)
    .varint(from)
    .varint(to - from)

function settledBy(body: LinkReader): Settles {
  const number = body.varint('frame number')
  const epoch = body.varint('epoch')
  const from = body.varint('first number')
  const to = from + body.varint('how many numbers', Number.MAX_SAFE_INTEGER - from)
  if (from === 0) throw violation('numbers of samples begin at 1')
  return { number, epoch, from, to }
}
