/**
 * Ids of stream entries. With `ids: seq` the id is `seq-0`. The server takes ids only in rising order, so a sample whose number is
 * above the last id is new; any other is looked up by its id, and left out where it is found with our log. One that is not found
 * (a replay, an entry that was trimmed or deleted, a stream of another log) is added behind the last id as `last-1`, `last-2` …:
 * nothing is ever taken for delivered because of its number alone.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { seqOf } from '../encode/payload.ts'
import type { Connection } from './connection.ts'
import { RedisReply } from './reasons.ts'
import type { Reply } from './resp.ts'
import type { Stream, TagTexts } from './tag-texts.ts'

/** What becomes of a row in one write. */
export const TO_SEND = 0
export const REJECTED = 1
export const THERE = 2

export class StreamIds {
  readonly #texts: TagTexts
  readonly #log: string
  readonly #isOn: boolean
  /** Samples that came again and were there. */
  repeated = 0

  constructor(texts: TagTexts, log: string, isOn: boolean) {
    this.#texts = texts
    this.#log = log
    this.#isOn = isOn
  }

  /** Marks the rows that are in their stream already. */
  async mark(batch: SampleBatch, states: Uint8Array, connection: Connection, signal: AbortSignal): Promise<void> {
    if (!this.#isOn) return
    await this.#ask(batch, states, connection, signal)
    await this.#find(batch, states, connection, signal)
  }

  /** The id of a new entry. */
  next(stream: Stream, seq: number): string {
    const { top } = stream
    if (top === undefined) return '*'
    if (seq <= top.ms) return `${top.ms}-${++top.sub}`
    top.ms = seq
    top.sub = 0
    return `${seq}-0`
  }

  /** The last id of every stream of which we don't know it. */
  async #ask(batch: SampleBatch, states: Uint8Array, connection: Connection, signal: AbortSignal): Promise<void> {
    const unknown = new Set<Stream>()
    for (let row = 0; row < batch.length; row++) {
      if (states[row] !== TO_SEND) continue
      const { stream } = this.#texts.of(batch.tag[row]!)!
      if (stream!.top === undefined) unknown.add(stream!)
    }
    if (unknown.size === 0) return
    const streams = [...unknown]
    const replies = await connection.commands(
      streams.map(({ key }) => ['XINFO', 'STREAM', key]),
      signal,
    )
    for (const [at, stream] of streams.entries()) {
      const reply = replies[at]!
      if (reply instanceof RedisReply && !reply.message.includes('no such key'))
        throw connection.error(reply, 'XINFO', stream.key)
      stream.top = lastIdOf(reply)
    }
  }

  /** Samples that are not above the last id: which of them are there? */
  async #find(batch: SampleBatch, states: Uint8Array, connection: Connection, signal: AbortSignal): Promise<void> {
    const rows: number[] = []
    const commands: string[][] = []
    for (let row = 0; row < batch.length; row++) {
      if (states[row] !== TO_SEND) continue
      const { stream } = this.#texts.of(batch.tag[row]!)!
      const seq = seqOf(batch, row)
      if (seq > stream!.top!.ms) continue
      rows.push(row)
      commands.push(['XRANGE', stream!.key, `${seq}-0`, `${seq}-0`])
    }
    if (rows.length === 0) return
    const replies = await connection.commands(commands, signal)
    for (const [at, row] of rows.entries()) {
      const reply = replies[at]!
      if (reply instanceof RedisReply) throw connection.error(reply, 'XRANGE', commands[at]![1]!)
      if (logOf(reply) === this.#log) {
        states[row] = THERE
        this.repeated++
      }
    }
  }
}

/** `last-generated-id` of XINFO STREAM; it stays when entries are deleted. */
function lastIdOf(reply: Reply): { ms: number; sub: number } {
  const pairs = Array.isArray(reply) ? (reply as readonly Reply[]) : []
  const at = pairs.indexOf('last-generated-id')
  const [ms = '0', sub = '0'] = at < 0 ? [] : String(pairs[at + 1]).split('-')
  return { ms: Number(ms), sub: Number(sub) }
}

/** The log of the one entry that XRANGE found; undefined when there is none, or it is not ours to read. */
function logOf(reply: Reply): string | undefined {
  const [entry] = Array.isArray(reply) ? (reply as readonly Reply[]) : []
  const fields = Array.isArray(entry) ? ((entry as readonly Reply[])[1] as readonly string[]) : []
  const at = fields.indexOf('d')
  try {
    return (JSON.parse(at < 0 ? '{}' : fields[at + 1]!) as { log?: string }).log
  } catch {
    return undefined
  }
}
