/**
 * The bifrost sink: an edge gateway hands its log on to an upstream gateway over one connection that it opens itself. A write is done when
 * upstream has it on its disk, and what upstream has already is not sent again. README.md says what it promises, PROTOCOL.md what travels.
 */
import type { SampleBatch } from '../../core/batch.ts'
import { sleep, type Timer } from '../../core/clock.ts'
import { formatDuration } from '../../core/duration.ts'
import { BusyError, GatewayError, NotConnectedError, PartialWriteError } from '../../core/errors.ts'
import { defineSink, type Gap, type LeftOut, type Sink, type SinkContext } from '../../core/sink.ts'
import {
  Compressor,
  encodeGap,
  encodeSamples,
  encodeTags,
  LinkClient,
  RowEncoder,
} from '../../protocols/bifrost-link/index.ts'
import { Aliases } from './aliases.ts'
import { Bandwidth } from './bandwidth.ts'
import { bifrostOptions, type BifrostOptions } from './options.ts'
import { planOf, type Part, type Plan } from './plan.ts'
import { Thinning } from './thinning.ts'
import { closedFor } from './windows.ts'

/** Samples to another Bifrost gateway. */
export const bifrost = defineSink({
  name: 'bifrost',
  summary:
    'The whole log to an upstream Bifrost gateway over one TLS connection: resumed by sequence number, compressed.',
  options: bifrostOptions,
  batchRows: 16_000,
  create: (options, context) => new BifrostSink(options, context),
})

/** How often an idle connection is looked at for the end of its window. */
const WATCH_MS = 10_000

/** A connection with what both of its ends remember. */
interface Link {
  readonly client: LinkClient
  readonly aliases: Aliases
  readonly encoder: RowEncoder
  readonly compressor: Compressor
}

class BifrostSink implements Sink {
  readonly #options: BifrostOptions
  readonly #context: SinkContext
  readonly #endpoint: string
  readonly #bandwidth: Bandwidth
  readonly #thinning: Thinning
  #link: Link | undefined
  #listener: ((error: NotConnectedError) => void) | undefined
  #nextAt = -Infinity
  /** It is not our turn to send yet. */
  #isResting = false
  #watch: Timer | undefined
  #sent = { samples: 0, bytes: 0, held: 0, thinned: 0, upTo: 0 }

  constructor(options: BifrostOptions, context: SinkContext) {
    this.#options = options
    this.#context = context
    this.#endpoint = `${options.host}:${options.port}`
    this.#bandwidth = new Bandwidth(context.clock, options.bandwidth)
    this.#thinning = new Thinning(options.thin, context.tags)
    if (!options.insecure) return
    context.log.warn(
      { upstream: this.#endpoint },
      'insecure: any certificate is accepted; others can read and change this traffic',
    )
  }

  onLost(listener: (error: NotConnectedError) => void): void {
    this.#listener = listener
  }

  async connect(signal: AbortSignal): Promise<void> {
    await this.close()
    this.#keepToWindows()
    const { host, port, connectTimeout, ackTimeout, gateway, token } = this.#options
    const { clock, dial, logId } = this.#context
    const endpoint = { host, port, connectTimeoutMs: connectTimeout, tls: this.#tls() }
    const stream = await dial(endpoint, signal).catch((error: unknown) => {
      throw untrusted(this.#endpoint, error)
    })
    const hello = { gateway: gateway ?? '', logId, token: token ?? '', software: 'bifrost' }
    const options = { clock, endpoint: this.#endpoint, hello, helloTimeoutMs: connectTimeout, ackTimeoutMs: ackTimeout }
    const client = await LinkClient.open(stream, options, signal)
    const { tags } = this.#context
    this.#link = { client, aliases: new Aliases(tags), encoder: new RowEncoder(), compressor: new Compressor() }
    this.#sent.upTo = Math.max(this.#sent.upTo, client.welcome.held.at(-1)?.to ?? 0)
    client.onLost = (error) => this.#listener?.(toNotConnected(error))
    if (this.#options.windows.length > 0) this.#watch = clock.every(WATCH_MS, () => this.#watchWindows())
  }

  async write(batch: SampleBatch, signal: AbortSignal): Promise<LeftOut | void> {
    const link = await this.#turn(signal)
    const thinned = this.#thinning.apply(batch, this.#context.clock.now() - batch.receivedAt)
    const plan = planOf(batch, link.aliases, link.client.welcome.held, thinned)
    let last = 0
    for (const part of plan.parts) last = await this.#send(link, batch, plan, part, signal)
    if (last > 0) this.#refused(batch, plan, await link.client.settled(last, signal))
    thinned?.commit()
    const sent = plan.parts.reduce((sum, part) => sum + part.rows.length, 0)
    const leftOut = plan.parts.reduce((sum, part) => sum + part.leftOut, 0)
    this.#sent.samples += sent
    this.#sent.held += plan.held
    this.#sent.thinned += leftOut
    this.#sent.upTo = Math.max(this.#sent.upTo, plan.parts.at(-1)?.to ?? 0)
    const left = leftOut === 0 ? {} : { thinned: leftOut }
    if (plan.rejected.size === 0) return left
    const [first] = plan.rejected.values()
    const sentence = `${this.#endpoint} will not take ${plan.rejected.size} of ${batch.length} samples: ${first}`
    throw new PartialWriteError(sentence, plan.rejected, { leftOut: left })
  }

  async gap(gap: Gap, signal: AbortSignal): Promise<void> {
    const link = await this.#turn(signal)
    const { fromSeq: from, toSeq: to, samples, reason, fromTime, toTime } = gap
    const tags = gap.tags?.flatMap((tag) => link.aliases.of(tag) || [])
    await this.#introduce(link, signal)
    await this.#ready(link, signal)
    const number = link.client.nextNumber()
    const { epoch } = link.client
    this.#put(link, encodeGap({ number, epoch, from, to, samples, reason, fromTime, toTime, tags }))
    await link.client.settled(number, signal)
  }

  isWaiting(): boolean {
    return this.#isResting
  }

  progress(): number {
    return this.#link?.client.acked ?? 0
  }

  facts(): Readonly<Record<string, string | number | boolean | null>> {
    const { samples, bytes, held, thinned, upTo } = this.#sent
    const client = this.#link?.client
    const closed = closedFor(this.#options.windows, this.#context.clock.now())
    return {
      upstream: this.#endpoint,
      'upstream log': client?.welcome.logId ?? null,
      'upstream has up to': upTo === 0 ? null : upTo,
      'samples sent': samples,
      'bytes a sample': samples === 0 ? null : Math.round((bytes / samples) * 100) / 100,
      'had already': held,
      'left out by thinning': thinned,
      'round trip ms': client?.roundTripMs === undefined ? null : Math.round(client.roundTripMs * 10) / 10,
      'closed until its next window': closed === 0 ? null : formatDuration(closed),
    }
  }

  async close(): Promise<void> {
    const link = this.#link
    this.#link = undefined
    this.#watch?.cancel()
    if (link === undefined) return
    link.client.onLost = undefined
    await link.client.close()
  }

  #tls(): { ca?: string; cert?: string; key?: string; serverName?: string; insecure: boolean } | undefined {
    const { tls, ca, cert, key, serverName, insecure } = this.#options
    if (!tls) return undefined
    return {
      insecure,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { serverName }),
    }
  }

  /** The link when it is our turn to send: inside a window, and not sooner after the last time than `sendEvery`. */
  async #turn(signal: AbortSignal): Promise<Link> {
    this.#keepToWindows()
    const { clock } = this.#context
    const wait = this.#nextAt - clock.monotonic()
    if (wait > 0) {
      this.#isResting = true
      await sleep(clock, wait, signal).finally(() => (this.#isResting = false))
    }
    if (this.#link === undefined) throw new NotConnectedError(`not connected to ${this.#endpoint}`)
    this.#nextAt = clock.monotonic() + this.#options.sendEvery
    this.#link.client.begin()
    return this.#link
  }

  /** A window may end while there is nothing to send. */
  #watchWindows(): void {
    if (closedFor(this.#options.windows, this.#context.clock.now()) === 0) return
    void this.close()
    this.#listener?.(new NotConnectedError('the window of this link is over'))
  }

  /** Outside its windows there is no connection. */
  #keepToWindows(): void {
    const closed = closedFor(this.#options.windows, this.#context.clock.now())
    if (closed === 0) return
    void this.close()
    const when = closed === Infinity ? 'it has none' : `the next begins in ${formatDuration(closed)}`
    throw new BusyError(`outside the windows of this link: ${when}`, Math.min(closed, 86_400_000))
  }

  /** Sends one part in as many frames as it needs; returns the number of the last. */
  async #send(link: Link, batch: SampleBatch, plan: Plan, part: Part, signal: AbortSignal): Promise<number> {
    await this.#introduce(link, signal)
    const rows = Uint32Array.from(part.rows)
    let { from } = part
    let start = 0
    let number: number
    do {
      await this.#ready(link, signal)
      const stretch = [start, rows.length] as const
      const { bytes, count } = link.encoder.encode(batch, plan.aliases, rows, stretch, from, this.#bandwidth.frameBytes)
      start += count
      const isLast = start === rows.length
      const to = isLast ? part.to : batch.seq![rows[start - 1]!]!
      number = link.client.nextNumber()
      const settles = { number, epoch: link.client.epoch, from, to }
      this.#put(link, encodeSamples(settles, isLast ? part.leftOut : 0, bytes, link.compressor))
      from = to + 1
    } while (start < rows.length)
    return number
  }

  async #introduce(link: Link, signal: AbortSignal): Promise<void> {
    const { aliases } = link
    while (aliases.news.length > 0) {
      await this.#ready(link, signal)
      const { frame, count } = encodeTags(aliases.news, this.#bandwidth.frameBytes)
      this.#put(link, frame)
      aliases.introduced(count)
    }
  }

  async #ready(link: Link, signal: AbortSignal): Promise<void> {
    await this.#bandwidth.ready(signal)
    await link.client.ready(signal)
  }

  #put(link: Link, frame: Buffer): void {
    link.client.send(frame)
    this.#bandwidth.spend(frame.length)
    this.#sent.bytes += frame.length
  }

  /** Rows of numbers that upstream will never take. */
  #refused(batch: SampleBatch, plan: Plan, refused: ReadonlyMap<number, string>): void {
    if (refused.size === 0) return
    for (let row = 0; row < batch.length; row++) {
      const reason = refused.get(batch.seq![row]!)
      if (reason !== undefined) plan.rejected.set(row, reason)
    }
  }
}

/** A certificate that is not trusted wants a person. */
function untrusted(endpoint: string, error: unknown): unknown {
  const tls = error instanceof GatewayError ? error.details.tls : undefined
  if (typeof tls !== 'string') return error
  return new GatewayError('SINK_REFUSED', `no secure connection to ${endpoint}: ${tls}`, { cause: error })
}

const toNotConnected = (error: GatewayError): NotConnectedError =>
  error instanceof NotConnectedError ? error : new NotConnectedError(error.message, { cause: error })
