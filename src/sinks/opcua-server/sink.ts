/**
 * The opcua-server sink: the gateway's tags as an OPC UA server. node-opcua runs in a worker of its own; this side hands it tags and
 * samples, and carries its clients' writes to the devices. A write is done when the values are in the address space. See README.md.
 */
import { HISTORICAL, SampleBatch } from '../../core/batch.ts'
import { messageOf, NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import { defineSink, type Gap, type LeftOut, type Sink, type SinkContext } from '../../core/sink.ts'
import { matchesTag } from '../../core/tag-pattern.ts'
import type { TagId } from '../../core/value.ts'
import { WorkerLink, type WorkerUsage } from '../../wire/worker-link.ts'
import { gapDocument } from '../encode/gap-document.ts'
import { Asked } from './asked.ts'
import type { Ask, LogLine, Refused, ServerFacts, ServerSetup, ValueSet } from './messages.ts'
import { opcuaServerOptions, type OpcuaServerOptions } from './options.ts'
import { TagNodes } from './tag-nodes.ts'

const WORKER = new URL('./worker/main.ts', import.meta.url)
const HEAP_MIB = 1024
/** Tags or values of one call while the address space is built. */
const CHUNK = 500
/** How long clients may take to go. */
const GOODBYE_MS = 1500

/** The gateway's tags as an OPC UA server. */
export const opcuaServer = defineSink({
  name: 'opcua-server',
  summary: 'An OPC UA server with a variable a tag: subscriptions, history, writes, encrypted endpoints and users.',
  options: opcuaServerOptions,
  batchRows: 5000,
  ports: ({ port }) => [port],
  create: (options, context) => createOpcuaServer(options, context),
})

/** `worker`: tests have one of their own. */
export const createOpcuaServer = (
  options: OpcuaServerOptions,
  context: SinkContext,
  worker = WORKER,
): OpcuaServerSink => new OpcuaServerSink(options, context, worker)

export class OpcuaServerSink implements Sink {
  readonly #options: OpcuaServerOptions
  readonly #context: SinkContext
  readonly #worker: URL
  readonly #asked: Asked
  #link: WorkerLink | undefined
  #nodes: TagNodes | undefined
  /** Of the tags that the address space has. */
  #definedVersion = -1
  /** What the address space showed of each tag when it was opened: the number of that sample. */
  #shown = new Map<TagId, number>()
  #endpoint: string | undefined
  #facts: ServerFacts = { sessions: 0, subscriptions: 0, monitoredItems: 0 }
  #listener: ((error: NotConnectedError) => void) | undefined
  #stopping = new AbortController()
  /** Chunks that the address space has taken. */
  #answers = 0

  constructor(options: OpcuaServerOptions, context: SinkContext, worker: URL) {
    this.#options = options
    this.#context = context
    this.#worker = worker
    this.#asked = new Asked(context)
    context.onTagsChanged?.(() => this.#followTags())
    if (!options.insecure) return
    context.log.warn(
      { port: options.port },
      'insecure: clients may come without encryption; others can read this traffic, passwords included, and change it',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  /** A new worker each time: an address space without tags, the tags, their last values; then the port is opened. */
  async connect(signal: AbortSignal): Promise<void> {
    await this.#end()
    const link = new WorkerLink(this.#worker, {
      name: 'the OPC UA server',
      maxHeapMiB: HEAP_MIB,
      clock: this.#context.clock,
      onEvent: (name, payload) => this.#take(link, name, payload),
      onEnd: (error) => {
        if (this.#link === link) this.#listener?.(error)
      },
    })
    this.#link = link
    try {
      const { name, certificates } = this.#context
      const setup: ServerSetup = { options: this.#options, name, certificates: certificates?.folder }
      await link.call('prepare', setup, { signal })
      this.#nodes = new TagNodes(this.#context.tags, this.#options.tags)
      this.#definedVersion = -1
      await this.#define(link, signal)
      await this.#showLatest(link, signal)
      this.#endpoint = await link.call<string>('open', undefined, { signal })
    } catch (error) {
      await this.#end()
      throw error
    }
    this.#context.log.info({ endpoint: this.#endpoint }, `the OPC UA server listens at ${this.#endpoint}`)
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<LeftOut | void> {
    const link = this.#link
    if (link === undefined) throw new NotConnectedError('the OPC UA server does not run')
    await this.#define(link, signal)
    const { rows, places, unknown } = this.#select(batch)
    const leftOut: LeftOut = unknown === 0 ? {} : { 'not shown': unknown }
    const values: ValueSet = { parts: rows.toParts() }
    const refused = rows.length === 0 ? [] : await link.call<Refused>('set', values, { signal })
    if (refused.length === 0) return leftOut
    const rejected = new Map(refused.map(([row, reason]) => [places === undefined ? row : places[row]!, reason]))
    const sentence = `${refused.length} of ${batch.length} samples cannot be shown: ${refused[0]![1]}`
    throw new PartialWriteError(sentence, rejected, { leftOut })
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    const { tags, ...rest } = gap
    const told = tags === undefined || this.#isSeenByAll(tags) ? gap : rest
    const text = JSON.stringify(gapDocument(told, this.#context.logId, this.#context.tags))
    if (this.#link === undefined) throw new NotConnectedError('the OPC UA server does not run')
    await this.#link.call('tellGap', text, { signal })
  }

  progress(): number {
    return this.#answers
  }

  facts(): Record<string, string | number | boolean | null> {
    const { sessions, subscriptions, monitoredItems } = this.#facts
    return { endpoint: this.#endpoint ?? null, sessions, subscriptions, 'monitored items': monitoredItems }
  }

  /** CPU and memory of the worker. */
  usage(): Promise<WorkerUsage> {
    if (this.#link === undefined) throw new NotConnectedError('the OPC UA server does not run')
    return this.#link.usage()
  }

  close(): Promise<void> {
    return this.#end()
  }

  async #end(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    this.#endpoint = undefined
    this.#facts = { sessions: 0, subscriptions: 0, monitoredItems: 0 }
    this.#stopping.abort()
    this.#stopping = new AbortController()
    if (link === undefined) return
    const limit = new AbortController()
    const timer = this.#context.clock.after(GOODBYE_MS, () => limit.abort())
    await link.call('close', undefined, { signal: limit.signal }).catch(() => undefined)
    timer.cancel()
    await link.close()
  }

  /** Tags came, changed or went: clients see that before the next sample. What fails here fails again with the next write. */
  #followTags(): void {
    const link = this.#link
    if (link === undefined || this.#endpoint === undefined) return
    this.#define(link, this.#stopping.signal).catch(() => (this.#definedVersion = -1))
  }

  async #define(link: WorkerLink, signal: AbortSignal): Promise<void> {
    const { version } = this.#context.tags
    if (version === this.#definedVersion) return
    this.#definedVersion = version
    const news = this.#nodes!.news()
    const gone = this.#nodes!.gone()
    if (gone.length > 0) await link.call('remove', gone, { signal })
    for (let from = 0; from < news.length; from += CHUNK) {
      await link.call('define', news.slice(from, from + CHUNK), { signal })
      this.#answers++
    }
  }

  /** What is known of each tag, so that the first client sees it; samples up to there that the log still has are older. */
  async #showLatest(link: WorkerLink, signal: AbortSignal): Promise<void> {
    this.#shown = new Map()
    let chunk = new LatestChunk()
    for (const { id } of this.#context.tags.values()) {
      const { value, status, time, receivedAt, seq } = this.#context.latest.get(id)
      if (seq === 0 || !this.#nodes!.has(id)) continue
      this.#shown.set(id, seq)
      chunk.rows.push(id, value, status, time)
      chunk.storedAt[chunk.rows.length - 1] = receivedAt
      if (chunk.rows.length < CHUNK) continue
      await link.call('set', chunk.values, { signal })
      this.#answers++
      chunk = new LatestChunk()
    }
    if (chunk.rows.length > 0) await link.call('set', chunk.values, { signal })
  }

  /** Every user may read the gap: it names no tag that one of them may not see. */
  #isSeenByAll(tags: readonly TagId[]): boolean {
    const { tags: shown, viewer, operator } = this.#options
    return tags.every((id) => {
      const info = this.#context.tags.get(id)
      return [shown, viewer, operator].every(
        (patterns) => info === undefined || patterns.some((one) => matchesTag(one, info.device, info.settings.name)),
      )
    })
  }

  /** The rows that change what is shown. `places`: which of the batch they are, where they are not all. */
  #select(batch: SampleBatch): { rows: SampleBatch; places: number[] | undefined; unknown: number } {
    let unknown = 0
    const places: number[] = []
    for (let row = 0; row < batch.length; row++) {
      const tag = batch.tag[row]!
      if (!this.#nodes!.has(tag)) unknown++
      else if (!this.#isOlder(batch, row, tag)) places.push(row)
    }
    if (places.length === batch.length) return { rows: batch, places: undefined, unknown }
    const rows = new SampleBatch(places.length, batch.receivedAt)
    for (const row of places) rows.pushRow(batch, row)
    return { rows, places, unknown }
  }

  /** Of the past: history has it. */
  #isOlder(batch: SampleBatch, row: number, tag: TagId): boolean {
    if ((batch.flags[row]! & HISTORICAL) !== 0) return true
    const shown = this.#shown.get(tag)
    if (shown === undefined) return false
    if (batch.seq![row]! <= shown) return true
    this.#shown.delete(tag)
    return false
  }

  #take(link: WorkerLink, name: string, payload: unknown): void {
    if (link !== this.#link) return
    if (name === 'facts') this.#facts = payload as ServerFacts
    else if (name === 'ask') void this.#answer(link, payload as Ask)
    else if (name === 'log') this.#say(payload as LogLine)
    else if (name === 'over') this.#listener?.(new NotConnectedError(payload as string))
  }

  async #answer(link: WorkerLink, ask: Ask): Promise<void> {
    const answer = await this.#asked.carryOut(ask, this.#stopping.signal)
    // A worker that has ended has no client any more.
    await link.call('answer', answer).catch((error: unknown) => this.#context.log.debug({}, messageOf(error)))
  }

  #say({ level, fields, sentence }: LogLine): void {
    this.#context.log[level](fields, sentence)
  }
}

class LatestChunk {
  readonly rows = new SampleBatch(CHUNK)
  readonly storedAt = new Float64Array(CHUNK)

  get values(): ValueSet {
    return { parts: this.rows.toParts(), storedAt: this.storedAt }
  }
}
