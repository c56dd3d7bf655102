/** How a link begins (PROTOCOL.md, "Beginning"): hello from the client, then welcome or refused from the server. */
import { violation } from '../../wire/reader.ts'
import { encodeFrame } from './frame.ts'
import { MAX_RANGES } from './limits.ts'
import type { LinkReader } from './link-reader.ts'
import { LinkWriter } from './link-writer.ts'

const MAGIC = 'BFLK'

export interface Hello {
  readonly oldestVersion: number
  readonly newestVersion: number
  /** Who it is; empty: as the certificate says. */
  readonly gateway: string
  /** Whose numbers these are: the id of its log. */
  readonly logId: string
  /** A secret that both sides know, where no certificate says who it is; empty: none. */
  readonly token: string
  readonly software: string
}

export function encodeHello(hello: Hello): Buffer {
  const body = new LinkWriter().raw(Buffer.from(MAGIC)).uint8(hello.oldestVersion).uint8(hello.newestVersion)
  return encodeFrame(
    'hello',
    body.text(hello.gateway).text(hello.logId).text(hello.token).text(hello.software).finish(),
  )
}

export function decodeHello(body: LinkReader): Hello {
  for (const letter of MAGIC) {
    if (body.uint8('magic') !== letter.charCodeAt(0)) throw violation('this is not a Bifrost link')
  }
  const hello = {
    oldestVersion: body.uint8('oldest version'),
    newestVersion: body.uint8('newest version'),
    gateway: body.text('gateway', 256),
    logId: body.text('log id', 64),
    token: body.text('token', 512),
    software: body.text('software', 64),
  }
  // What a later version adds is not known here, and comes at the end.
  if (hello.newestVersion < hello.oldestVersion || hello.logId === '') throw violation('a hello that says nothing')
  return hello
}

/** A stretch of numbers, both ends included. */
export interface Range {
  readonly from: number
  readonly to: number
}

export interface Welcome {
  readonly version: number
  /** The upstream log. */
  readonly logId: string
  /** The numbers of this client's log that are on the server's disk, ascending. */
  readonly held: readonly Range[]
  /** How many bytes of tags, samples and gaps the client may send, from the welcome on. */
  readonly credit: number
  /** Each side is silent no longer than this. */
  readonly heartbeatMs: number
}

export function encodeWelcome({ version, logId, held, credit, heartbeatMs }: Welcome): Buffer {
  const body = new LinkWriter().uint8(version).text(logId).varint(credit).varint(heartbeatMs).varint(held.length)
  let end = 0
  for (const { from, to } of held) {
    body.varint(from - end).varint(to - from)
    end = to
  }
  return encodeFrame('welcome', body.finish())
}

export function decodeWelcome(body: LinkReader): Welcome {
  const version = body.uint8('version')
  const logId = body.text('log id', 64)
  const credit = body.varint('credit')
  const heartbeatMs = body.varint('heartbeat', 3_600_000)
  const held: Range[] = []
  let end = 0
  for (let count = body.varint('number of ranges', MAX_RANGES); count > 0; count--) {
    const from = end + body.varint('beginning of a range', Number.MAX_SAFE_INTEGER - end)
    end = from + body.varint('length of a range', Number.MAX_SAFE_INTEGER - from)
    held.push({ from, to: end })
  }
  if (heartbeatMs < 1) throw violation('a heartbeat of no time')
  return { version, logId, held, credit, heartbeatMs }
}

/** Why a server does not go on. `wait`: it may do later, by itself; the others want a person. */
export const REFUSALS = ['version', 'certificate', 'unknown', 'token', 'wait', 'violation'] as const

export interface Refused {
  readonly code: (typeof REFUSALS)[number]
  readonly retryAfterMs: number
  /** For people. */
  readonly reason: string
}

export const encodeRefused = ({ code, retryAfterMs, reason }: Refused): Buffer =>
  encodeFrame(
    'refused',
    new LinkWriter().uint8(REFUSALS.indexOf(code)).varint(retryAfterMs).text(shortened(reason)).finish(),
  )

export function decodeRefused(body: LinkReader): Refused {
  const code = REFUSALS[body.uint8('code')]
  if (code === undefined) throw violation('a refusal for no known reason')
  return { code, retryAfterMs: body.varint('retry after', 86_400_000), reason: body.text('reason') }
}

/** A reason is for people: what is too long for a text is cut. */
export const shortened = (text: string): string => (Buffer.byteLength(text) <= 1000 ? text : `${text.slice(0, 300)}…`)
