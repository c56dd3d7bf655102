/** Tags, introduced before the first sample of each and again when what is known of one changes (PROTOCOL.md, "Tags"). */
import { DATA_TYPES, type DataType } from '../../core/value.ts'
import { violation } from '../../wire/reader.ts'
import { encodeFrame, FRAME_HEAD_BYTES } from './frame.ts'
import { MAX_ALIAS, MAX_FRAME_BYTES } from './limits.ts'
import type { LinkReader } from './link-reader.ts'
import { LinkWriter } from './link-writer.ts'

export interface LinkTag {
  /** Its number in this link. */
  readonly alias: number
  readonly device: string
  readonly name: string
  readonly type: DataType
  readonly everyMs: number
  readonly unit?: string | undefined
  readonly low?: number | undefined
  readonly high?: number | undefined
  readonly symbols?: string | undefined
  readonly description?: string | undefined
}

const HAS = { unit: 1, low: 2, high: 4, symbols: 8, description: 16 } as const

/** A frame of about so many bytes that introduces the first of these tags, as many as fit and one at least, and how many they are. */
export function encodeTags(tags: readonly LinkTag[], maxBytes = MAX_FRAME_BYTES): { frame: Buffer; count: number } {
  const body = new LinkWriter(4096)
  const most = Math.min(MAX_FRAME_BYTES, maxBytes) - FRAME_HEAD_BYTES
  let count = 0
  for (const tag of tags) {
    const encoded = encodeTag(tag)
    if (count > 0 && body.length + encoded.length > most) break
    body.raw(encoded)
    count++
  }
  return { frame: encodeFrame('tags', body.finish()), count }
}

function encodeTag(tag: LinkTag): Buffer {
  const { alias, device, name, type, everyMs, unit, low, high, symbols, description } = tag
  let has = 0
  for (const [key, bit] of Object.entries(HAS)) if (tag[key as keyof typeof HAS] !== undefined) has |= bit
  const to = new LinkWriter(128).varint(alias).text(device).text(name).uint8(DATA_TYPES.indexOf(type))
  to.varint(Math.round(everyMs)).uint8(has)
  if (unit !== undefined) to.text(unit)
  if (low !== undefined) to.float64(low)
  if (high !== undefined) to.float64(high)
  if (symbols !== undefined) to.text(symbols)
  if (description !== undefined) to.text(description)
  return to.finish()
}

export function decodeTags(body: LinkReader): LinkTag[] {
  const tags: LinkTag[] = []
  while (body.left > 0) tags.push(decodeTag(body))
  return tags
}

function decodeTag(body: LinkReader): LinkTag {
  const alias = body.varint('alias', MAX_ALIAS)
  const device = body.text('device')
  const name = body.text('tag')
  const type = DATA_TYPES[body.uint8('type')]
  const everyMs = body.varint('interval')
  const has = body.uint8('what is known of a tag')
  const tag = {
    alias,
    device,
    name,
    everyMs,
    unit: has & HAS.unit ? body.text('unit') : undefined,
    low: has & HAS.low ? body.float64('low') : undefined,
    high: has & HAS.high ? body.float64('high') : undefined,
    symbols: has & HAS.symbols ? body.text('symbols') : undefined,
    description: has & HAS.description ? body.text('description') : undefined,
  }
  if (type === undefined || alias === 0 || has > 31) throw violation('a tag without an alias, or of an unknown type')
  return { ...tag, type }
}
