/**
 * The opcua-server sink: the gateway's tags as an OPC UA server. node-opcua runs in a worker of its own; this side hands it tags and
 * samples, and carries its clients' writes to the devices. A write is done when the values are in the address space. See README.md.
 */
import { SampleBatch } from '../../core/batch.ts'
import { NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import { defineSink, type Sink, type SinkContext } from '../../core/sink.ts'
import { isScaled } from '../../core/scaling.ts'
import { matchesTag } from '../../core/tag-pattern.ts'
import type { TagInfo } from '../../core/tags.ts'
import { WorkerLink } from '../../wire/worker-link.ts'
import type { Refused, ServerSetup, TagNode } from './messages.ts'
import { opcuaServerOptions, type OpcuaServerOptions } from './options.ts'

const WORKER = new URL('./worker/main.ts', import.meta.url)
const HEAP_MIB = 1024
/** Tags or values of one call while the address space is built. */
const CHUNK = 500

/** The gateway's tags as an OPC UA server. */
export const opcuaServer = defineSink({
  name: 'opcua-server',
  summary: 'An OPC UA server with a variable a tag: subscriptions, history, writes, encrypted endpoints and users.',
  options: opcuaServerOptions,
  batchRows: 5000,
  create: (options, context) => new OpcuaServerSink(options, context),
})

class OpcuaServerSink implements Sink {
  readonly #options: OpcuaServerOptions
  readonly #context: SinkContext
  #link: WorkerLink | undefined
  #endpoint: string | undefined
  #listener: ((error: NotConnectedError) => void) | undefined
  #version = -1

  constructor(options: OpcuaServerOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.#link?.close()
    const link = new WorkerLink(WORKER, {
      name: 'the OPC UA server',
      maxHeapMiB: HEAP_MIB,
      clock: this.#context.clock,
      onEvent: () => undefined,
      onEnd: (error) => this.#listener?.(error),
    })
    this.#link = link
    const setup: ServerSetup = { options: this.#options, name: this.#context.name, version: '' }
    await link.call('prepare', setup, { signal })
    await this.#define(link, signal)
    this.#endpoint = await link.call<string>('open', undefined, { signal })
  }

  async #define(link: WorkerLink, signal: AbortSignal): Promise<void> {
    const { tags } = this.#context
    this.#version = tags.version
    let nodes: TagNode[] = []
    for (const info of tags.values()) {
      if (!this.#options.tags.some((pattern) => matchesTag(pattern, info.device, info.settings.name))) continue
      nodes.push(nodeOf(info))
      if (nodes.length < CHUNK) continue
      await link.call('define', nodes, { signal })
      nodes = []
    }
    if (nodes.length > 0) await link.call('define', nodes, { signal })
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<void> {
    const link = this.#link
    if (link === undefined) throw new NotConnectedError('the OPC UA server does not run')
    const refused = await link.call<Refused>('set', { parts: batch.toParts() }, { signal })
    if (refused.length === 0) return
    throw new PartialWriteError(`${refused.length} of ${batch.length} samples cannot be shown: ${refused[0]![1]}`, new Map(refused))
  }

  facts(): Record<string, string | number | boolean | null> {
    return { endpoint: this.#endpoint ?? null }
  }

  async close(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    if (link === undefined) return
    await link.call('close').catch(() => undefined)
    await link.close()
  }
}

function nodeOf({ id, device, settings }: TagInfo): TagNode {
  const { name, unit, low, high, symbols, description, writable } = settings
  const isNumber = !['bool', 'string', 'bytes'].includes(settings.type)
  const type = isNumber && isScaled(settings) ? 'float64' : settings.type
  return { tag: id, device, name, type, unit, low, high, symbols, description, writable }
}
