/**
 * The cluster as one session sees it: which brokers there are, which of them leads which partition, and one connection to each that is
 * needed. What it learnt holds until it says otherwise or the session ends; nothing is asked again by itself but every few minutes.
 */
import { sleep, type Timer } from '../../core/clock.ts'
import { BusyError, GatewayError, messageOf, NotConnectedError } from '../../core/errors.ts'
import { Broker, type BrokerSettings } from './broker.ts'
import type { Address } from './options.ts'
import { codeError, codeText } from './reasons.ts'
import {
  answerOf,
  askMetadata,
  askProducerId,
  sendParcels,
  type Answer,
  type Metadata,
  type Parcel,
  type ProducerId,
} from './requests.ts'

/** New partitions are found this often; and a connection that is used is not closed as idle (ten minutes at Kafka's default). */
const REFRESH_MS = 240_000
const CREATION_MS = 500
/** So often the cluster is asked to create a topic before a person is. */
const CREATION_TRIES = 20

export class Cluster {
  readonly #settings: BrokerSettings
  readonly #createTopics: boolean
  readonly #addresses = new Map<number, Address>()
  readonly #brokers = new Map<number, Broker>()
  /** Topic to the leader of each partition; -1 where there is none. */
  readonly #leaders = new Map<string, readonly number[]>()
  readonly #asked = new Map<string, number>()
  readonly #refresh: Timer
  #throttledUntil = 0
  #ended = false
  id = ''
  /** To batches, since it was opened. */
  answers = 0
  /** Called once when the last connection ends without our doing. */
  onLost: ((error: GatewayError) => void) | undefined

  private constructor(settings: BrokerSettings, createTopics: boolean) {
    this.#settings = settings
    this.#createTopics = createTopics
    const idle = new AbortController().signal
    this.#refresh = settings.clock.every(
      REFRESH_MS,
      () => void this.#metadata([...this.#leaders.keys()], idle).catch(() => undefined),
    )
  }

  /** Connects to the first broker that answers and learns the others from it. */
  static async open(
    addresses: readonly Address[],
    settings: BrokerSettings,
    createTopics: boolean,
    signal: AbortSignal,
  ): Promise<Cluster> {
    const first = await firstOf(addresses, settings, signal)
    const cluster = new Cluster(settings, createTopics)
    try {
      cluster.#adopt(-1, first)
      await cluster.#metadata([], signal)
      cluster.#settle(first)
      await cluster.#any(signal)
      return cluster
    } catch (error) {
      cluster.destroy()
      throw error
    }
  }

  get brokers(): number {
    return this.#addresses.size
  }

  /** Names of the brokers that are connected. */
  get connected(): string {
    return [...this.#brokers.values()].map(({ name }) => name).join(', ')
  }

  /** How many partitions a topic has; undefined until it is learnt. */
  partitionsOf(topic: string): number | undefined {
    return this.#leaders.get(topic)?.length
  }

  leaderOf(topic: string, partition: number): number {
    return this.#leaders.get(topic)?.[partition] ?? -1
  }

  /** What is known of the topic no longer holds. */
  forget(topic: string): void {
    this.#leaders.delete(topic)
  }

  /** Asks who leads these topics. Throws what is wrong with one: SINK_REFUSED where a person must act, BUSY where it takes time. */
  async learn(topics: Iterable<string>, signal: AbortSignal): Promise<void> {
    const names = [...topics]
    const answers = new Map((await this.#metadata(names, signal)).topics.map((topic) => [topic.name, topic]))
    const problems = names.flatMap((name) => this.#problem(name, answers.get(name)?.errorCode ?? 3) ?? [])
    const worst = problems.find(({ code }) => code === 'SINK_REFUSED') ?? problems[0]
    if (worst !== undefined) throw worst
  }

  /** A new id to number batches under. */
  async producerId(signal: AbortSignal): Promise<ProducerId> {
    return this.#until(signal, askProducerId(await this.#any(signal), this.#settings.library))
  }

  /** Sends batches to the broker that leads their partitions, at most one a partition; resolves with what it says to each. */
  async produce(
    node: number,
    parcels: readonly Parcel[],
    zstd: boolean,
    signal: AbortSignal,
  ): Promise<readonly Answer[]> {
    const { library, clock, ackTimeoutMs } = this.#settings
    await this.#throttle(signal)
    const broker = await this.#broker(node, signal)
    const needs = { zstd, timeoutMs: Math.round(ackTimeoutMs * 0.9) }
    const response = await this.#until(signal, sendParcels(broker, library, parcels, needs))
    this.answers++
    if (response.throttleTimeMs) this.#throttledUntil = clock.monotonic() + response.throttleTimeMs
    return parcels.map((parcel) => answerOf(response, parcel, broker.name))
  }

  destroy(): void {
    this.#ended = true
    this.onLost = undefined
    this.#refresh.cancel()
    for (const broker of this.#brokers.values()) broker.destroy()
    this.#brokers.clear()
  }

  async #metadata(topics: readonly string[], signal: AbortSignal): Promise<Metadata> {
    const asked = askMetadata(await this.#any(signal), this.#settings.library, topics, this.#createTopics)
    const metadata = await this.#until(signal, asked)
    this.#take(metadata)
    return metadata
  }

  #take({ clusterId, brokers, topics }: Metadata): void {
    this.id = clusterId ?? this.id
    this.#addresses.clear()
    for (const { nodeId, host, port } of brokers) this.#addresses.set(nodeId, { host, port })
    for (const { name, errorCode, partitions } of topics) {
      if (name === null || partitions.length === 0) continue
      if (errorCode !== 0) this.#leaders.delete(name)
      else {
        const leaders = Array.from<number>({ length: partitions.length }).fill(-1)
        for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId
        this.#leaders.set(name, leaders)
      }
    }
  }

  #problem(topic: string, code: number): GatewayError | undefined {
    if (code === 0) return void this.#asked.delete(topic)
    const what = `topic "${topic}"`
    if (code === 29) return new GatewayError('SINK_REFUSED', `${what}: no permission for it, or it does not exist (29)`)
    if (code !== 3 && code !== 5) return codeError(what, code)
    const tries = (this.#asked.get(topic) ?? 0) + 1
    this.#asked.set(topic, tries)
    if (code === 3 && !this.#createTopics)
      return new GatewayError('SINK_REFUSED', `${what} does not exist; create it, or set createTopics: true`)
    if (code === 3 && tries > CREATION_TRIES)
      return new GatewayError('SINK_REFUSED', `${what} does not exist, and the cluster does not create it`)
    return new BusyError(code === 3 ? `${what} is being created` : `${what}: ${codeText(code)}`, CREATION_MS)
  }

  /** The first connection becomes that of the node it leads to, where the cluster knows that node by the same name. */
  #settle(first: Broker): void {
    this.#brokers.delete(-1)
    const node = [...this.#addresses].find(([, { host, port }]) => `${host}:${port}` === first.name)?.[0]
    if (node === undefined) first.destroy()
    else this.#adopt(node, first)
  }

  #adopt(node: number, broker: Broker): void {
    this.#brokers.set(node, broker)
    broker.onLost = () => {
      this.#brokers.delete(node)
      if (this.#brokers.size === 0 && broker.lost !== undefined) this.onLost?.(broker.lost)
    }
  }

  /** Any broker that is connected; else the first that can be. */
  async #any(signal: AbortSignal): Promise<Broker> {
    const [connected] = this.#brokers.values()
    if (connected !== undefined) return connected
    const errors: unknown[] = []
    for (const node of this.#addresses.keys()) {
      try {
        return await this.#broker(node, signal)
      } catch (error) {
        if (signal.aborted) throw error
        errors.push(error)
      }
    }
    throw errors[0] ?? new NotConnectedError('the cluster names no broker')
  }

  async #broker(node: number, signal: AbortSignal): Promise<Broker> {
    if (this.#ended) throw new NotConnectedError('not connected to the cluster')
    const known = this.#brokers.get(node)
    if (known !== undefined) return known
    const address = this.#addresses.get(node)
    if (address === undefined) throw new BusyError('a partition has no leader at the moment', CREATION_MS)
    try {
      const broker = await Broker.open(address, this.#settings, signal)
      const other = this.#brokers.get(node)
      if (this.#ended || other !== undefined) broker.destroy()
      else this.#adopt(node, broker)
      return other ?? broker
    } catch (error) {
      if (!(error instanceof NotConnectedError)) throw error
      throw new NotConnectedError(`broker ${node}, as the cluster advertises it: ${messageOf(error)}`, { cause: error })
    }
  }

  async #throttle(signal: AbortSignal): Promise<void> {
    const ms = this.#throttledUntil - this.#settings.clock.monotonic()
    if (ms > 0) await sleep(this.#settings.clock, ms, signal)
  }

  /** Waits no longer than the signal allows: with it all connections end. */
  async #until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
    let onAbort: (() => void) | undefined
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        reject(signal.reason)
        this.destroy()
      }
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([work, aborted])
    } finally {
      aborted.catch(() => undefined)
      if (onAbort !== undefined) signal.removeEventListener('abort', onAbort)
    }
  }
}

/** Connects to one broker after the other; what needs a person is thrown before what may pass by itself. */
async function firstOf(addresses: readonly Address[], settings: BrokerSettings, signal: AbortSignal): Promise<Broker> {
  const errors: unknown[] = []
  for (const address of addresses) {
    try {
      return await Broker.open(address, settings, signal)
    } catch (error) {
      if (signal.aborted) throw error
      errors.push(error)
    }
  }
  const refused = errors.find((error) => error instanceof GatewayError && error.code !== 'NOT_CONNECTED')
  if (refused !== undefined || errors.length === 1) throw refused ?? errors[0]
  throw new NotConnectedError(errors.map(messageOf).join('; '), { cause: errors[0] })
}
