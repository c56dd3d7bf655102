/**
 * The redis sink: every stored sample as an entry of a stream of Redis or Valkey, the last one of each tag in a hash, published
 * where that is wanted. A write is done when the server has replied to every command. See README.md for keys and rules.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { NotConnectedError } from '../../core/errors.ts'
import { defineSink, type Gap, type Sink, type SinkContext } from '../../core/sink.ts'
import { namedGap } from '../encode/gap-document.ts'
import { throwRejected } from '../encode/rejected.ts'
import { openConnection, type Connection } from './connection.ts'
import { keyConflicts, kindConflicts } from './keys.ts'
import { redisOptions, type RedisOptions } from './options.ts'
import { RedisReply } from './reasons.ts'
import { TagTexts } from './tag-texts.ts'
import { BatchWriter } from './write.ts'

/** Commands that travel together; the server works while we wait, a few ms for this many. */
const BATCH_ROWS = 5000

/** Samples to Redis or Valkey. */
export const redis = defineSink({
  name: 'redis',
  summary:
    'Every sample as an entry of a Redis or Valkey stream (capped, no repeats), and the last of each tag in a hash.',
  options: redisOptions,
  batchRows: BATCH_ROWS,
  conflicts,
  create: (options, context) => new RedisSink(options, context),
})

/** Tags or devices that would share a key, each as a sentence. Type and unit are not known here. */
function conflicts(options: RedisOptions, tags: readonly { device: string; name: string }[]): readonly string[] {
  const { stream, latest, channel, gapStream } = options
  const templates = [...new Set([stream, latest, channel])].filter((text) => text !== '')
  return [...templates.flatMap((text) => keyConflicts(text, tags)), ...kindConflicts(stream, latest, gapStream, tags)]
}

class RedisSink implements Sink {
  readonly #options: RedisOptions
  readonly #context: SinkContext
  readonly #writer: BatchWriter
  #connection: Connection | undefined
  #server: string | undefined
  #listener: ((error: NotConnectedError) => void) | undefined

  constructor(options: RedisOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
    const { tags, latest, logId } = context
    this.#writer = new BatchWriter(options, new TagTexts(options, tags, logId), latest, logId)
    if (!options.insecure) return
    context.log.warn(
      { url: options.url },
      'insecure: any server certificate is accepted; others can read and change this traffic',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  async connect(signal: AbortSignal): Promise<void> {
    this.#connection?.destroy()
    this.#connection = undefined
    const connection = await openConnection(this.#options, this.#context, signal)
    this.#writer.forget()
    this.#server = connection.server
    connection.onLost = (error) => this.#listener?.(error)
    this.#connection = connection
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const rejected = await this.#writer.write(batch, this.#connected(), signal)
    throwRejected(this.#options.url, batch, rejected)
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    const { gapStream, maxLength } = this.#options
    if (gapStream === '') return
    const lost = namedGap(gap, this.#context.logId, this.#context.tags)
    const trim = maxLength === 0 ? [] : ['MAXLEN', '~', `${maxLength}`]
    const connection = this.#connected()
    const [reply] = await connection.commands([['XADD', gapStream, ...trim, '*', 'd', JSON.stringify(lost)]], signal)
    if (reply instanceof RedisReply) throw connection.error(reply, 'XADD', gapStream)
  }

  progress(): number {
    return this.#connection?.replies ?? 0
  }

  facts(): Record<string, string | number | boolean | null> {
    return { server: this.#server ?? null, samplesThatWereThere: this.#writer.repeated }
  }

  close(): Promise<void> {
    this.#connection?.close()
    this.#connection = undefined
    return Promise.resolve()
  }

  #connected(): Connection {
    if (this.#connection === undefined) throw new NotConnectedError(`not connected to ${this.#options.url}`)
    return this.#connection
  }
}
