/**
 * RESP2, the protocol of Redis and Valkey (Redis serialization protocol specification), as much as a client of commands needs:
 *
 *     command = "*" count CRLF ("$" length CRLF bytes CRLF)*
 *     reply   = "+" text CRLF | "-" text CRLF | ":" number CRLF | "$" length CRLF bytes CRLF | "*" count CRLF reply*
 *
 * A length or count of -1 is null.
 */
import { GatewayError } from '../../core/errors.ts'
import { RedisReply } from './reasons.ts'

export type Reply = string | number | null | RedisReply | readonly Reply[]

const CR = 13
/** A line that is no end is no RESP. */
const MAX_LINE_BYTES = 65_536
const MAX_DEPTH = 8
/** proto-max-bulk-len, as servers have it by default. */
const MAX_BULK_BYTES = 512 * 2 ** 20
/** What we ask for is answered with one entry, or a few pairs. */
const MAX_COUNT = 65_536

/** A command of text arguments as bytes. */
export const command = (...args: readonly (string | number)[]): string =>
  `*${args.length}\r\n${args.map(argument).join('')}`

/** One argument: `$5\r\nhello\r\n`. */
export const argument = (text: string | number): string =>
  `$${typeof text === 'number' ? `${text}`.length : Buffer.byteLength(text)}\r\n${text}\r\n`

const EMPTY: Buffer = Buffer.alloc(0)

/** Bytes in pieces of any size to replies; PROTOCOL_VIOLATION for what is none. */
export class ReplyReader {
  /** What came and is no whole reply yet, and how many bytes that is. */
  #pieces: Buffer[] = []
  #held = 0
  /** So many bytes there must be at least: what is shorter is not joined and looked at again. */
  #needed = 0
  #rest: Buffer = EMPTY
  #at = 0
  #asText = true

  /** Hands on every reply that is complete; its texts are empty where nobody wants them. */
  read(bytes: Buffer, onReply: (reply: Reply) => void, asText = true): void {
    this.#asText = asText
    this.#pieces.push(bytes)
    this.#held += bytes.length
    if (this.#held < this.#needed) return
    this.#rest = this.#pieces.length === 1 ? bytes : Buffer.concat(this.#pieces)
    this.#at = this.#needed = 0
    let done = 0
    for (let reply = this.#reply(0); reply !== undefined; reply = this.#reply(0)) {
      done = this.#at
      onReply(reply)
    }
    const rest = this.#rest.subarray(done)
    this.#pieces = rest.length === 0 ? [] : [rest]
    this.#held = rest.length
    this.#needed -= Math.min(this.#needed, done)
    this.#rest = EMPTY
  }

  /** The reply at this place, which moves behind it; undefined when it is not complete. */
  #reply(depth: number): Reply | undefined {
    const rest = this.#rest
    const start = this.#at
    if (start >= rest.length) return undefined
    const type = rest[start]!
    if (!isType(type)) throw garbage(rest, start)
    const end = endOfLine(rest, start + 1)
    if (end < 0 || end + 1 >= rest.length) {
      if (rest.length - start > MAX_LINE_BYTES) throw garbage(rest, start)
      return undefined
    }
    if (rest[end + 1] !== 10) throw garbage(rest, start)
    this.#at = end + 2
    if (type === 0x2b) return rest.toString('latin1', start + 1, end)
    if (type === 0x2d) return new RedisReply(rest.toString('utf8', start + 1, end))
    const number = wholeNumber(rest, start + 1, end)
    if (type === 0x3a) return number
    if (number < -1) throw garbage(rest, start)
    if (number === -1) return null
    return type === 0x24 ? this.#bulk(number) : this.#array(number, depth)
  }

  #bulk(length: number): string | undefined {
    const rest = this.#rest
    const start = this.#at
    if (length > MAX_BULK_BYTES) throw garbage(rest, start)
    if (start + length + 2 > rest.length) {
      this.#needed = start + length + 2
      return undefined
    }
    if (rest[start + length] !== CR || rest[start + length + 1] !== 10) throw garbage(rest, start)
    this.#at = start + length + 2
    return this.#asText ? rest.toString('utf8', start, start + length) : ''
  }

  #array(count: number, depth: number): readonly Reply[] | undefined {
    if (depth >= MAX_DEPTH || count > MAX_COUNT) throw garbage(this.#rest, this.#at)
    const replies: Reply[] = []
    for (let at = 0; at < count; at++) {
      const reply = this.#reply(depth + 1)
      if (reply === undefined) return undefined
      replies.push(reply)
    }
    return replies
  }
}

/** Where the line ends; -1: not yet. Lines are short: a loop is faster than a call of `indexOf`. */
function endOfLine(bytes: Buffer, from: number): number {
  for (let at = from; at < bytes.length; at++) if (bytes[at] === CR) return at
  return -1
}

/** `+` `-` `:` `$` `*` */
const isType = (byte: number): boolean =>
  byte === 0x24 || byte === 0x3a || byte === 0x2b || byte === 0x2d || byte === 0x2a

function wholeNumber(bytes: Buffer, from: number, to: number): number {
  const negative = bytes[from] === 0x2d
  let value = 0
  let at = negative ? from + 1 : from
  if (at === to || to - at > 16) throw garbage(bytes, from)
  for (; at < to; at++) {
    const digit = bytes[at]! - 48
    if (digit < 0 || digit > 9) throw garbage(bytes, from)
    value = value * 10 + digit
  }
  return negative ? -value : value
}

const garbage = (bytes: Buffer, at: number) =>
  new GatewayError(
    'PROTOCOL_VIOLATION',
    `it answers with what is no Redis reply: ${JSON.stringify(bytes.toString('latin1', at, at + 24))}`,
  )
