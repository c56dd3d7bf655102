/**
 * The receiving side of edge to cloud: other gateways hand on their logs (sinks/bifrost), and their tags become tags of this store. Rows do not
 * pass the pipeline again: they keep their source time, status and value. Off unless the configuration has `receive`.
 */
import type { Duplex } from 'node:stream'
import { HAS_VALUE, IS_BOOLEAN, SampleBatch } from '../core/batch.ts'
import type { Clock } from '../core/clock.ts'
import { GatewayError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Status } from '../core/status.ts'
import type { TagId } from '../core/value.ts'
import { LinkSession } from '../protocols/bifrost-link/index.ts'
import type { FileSystem } from '../store/files.ts'
import { openLearned, type Learned } from '../store/learned.ts'
import type { Store } from '../store/store.ts'
import { admit, certificateFault, type Refusal } from './admission.ts'
import type { ReceiveClient, ReceiveConfig } from '../core/receive.ts'
import { listen, type Listener } from './listener.ts'
import type { Origin } from './origin.ts'
import { Origins } from './origins.ts'
import { ReceivedDevices } from './received-devices.ts'
import { ReceivedTags, type DeviceOwners } from './received-tags.ts'
import { Reception } from './reception.ts'

const HELLO_MS = 10_000
const HEARTBEAT_MS = 15_000
const REFUSED_RETRY_MS = 10_000
/** So far back a start looks for the last value of each tag: about a second of reading. */
const RECALLED = 2_000_000

export interface ReceiverContext {
  readonly store: Store
  /** Where what is known of received tags is kept over restarts. */
  readonly folder: string
  /** Keeps a batch: latest, log, observers. Returns how many rows were refused. */
  keep(batch: SampleBatch): number
  /** Names of the devices of our own configuration. */
  readonly devices: ReadonlySet<string>
  readonly clock: Clock
  readonly log: Log
  /** The disk of that folder; the one of this machine where absent. */
  readonly files?: FileSystem
  /** How long each side may be silent; 15 s where absent. */
  readonly heartbeatMs?: number | undefined
}

/** What people want to know of a client. Counts are from the start of this gateway. */
export interface ReceivedFrom {
  readonly name: string
  readonly connected: boolean
  /** Since when it is connected, or away, ms since 1970. */
  readonly since: number
  /** Why it is away, in a sentence; null while it is here. */
  readonly reason: string | null
  /** Its address; null while it is away. */
  readonly from: string | null
  /** The log that it sends, and the highest of its numbers on our disk; null: nothing yet. */
  readonly logId: string | null
  readonly upTo: number | null
  readonly samples: number
  /** Samples that came again though they were here. */
  readonly repeated: number
  readonly rejected: number
  /** Samples that the client left out on purpose. */
  readonly leftOut: number
  readonly bytes: number
}

export interface Receiver {
  /** The port that it listens on. */
  readonly port: number
  status(): readonly ReceivedFrom[]
  /** The devices that come from others, and the gateways themselves. */
  readonly devices: ReceivedDevices
  stop(): Promise<void>
}

/** A connection that was let in. */
interface Present {
  readonly session: LinkSession
  readonly reception: Reception
  readonly origin: Origin
  readonly from: string
  done: Promise<void>
}

/** One configured client. */
interface Client {
  readonly config: ReceiveClient
  readonly origins: Origins
  readonly tags: ReceivedTags
  readonly connectedTag: TagId
  present: Present | undefined
  /** Since when it is here, or away. */
  since: number
  awayBecause: string | undefined
  last: Origin | undefined
  total: { samples: number; rejected: number; leftOut: number; bytes: number }
}

/** Takes up what is here of each client, and listens. Rejects with PORT_IN_USE or CONFIG_INVALID. */
export async function startReceiver(config: ReceiveConfig, context: ReceiverContext): Promise<Receiver> {
  const learned = await openLearned(context)
  const clients = new Map<string, Client>()
  const owners: DeviceOwners = { configured: context.devices, received: new Map() }
  for (const one of config.clients) owners.received.set(one.name, one.name)
  for (const one of config.clients)
    clients.set(one.name, await openClient(one, config, owners, { ...context, learned }))
  await recover([...clients.values()], owners, context)
  const devices = new ReceivedDevices(owners, (name) => {
    const { present, since, awayBecause } = clients.get(name)!
    return { from: present?.from, since, awayBecause }
  })
  const receiver = new RunningReceiver(config, context, { clients, devices, learned })
  await receiver.listen()
  return receiver
}

async function openClient(
  client: ReceiveClient,
  { devices, maxTags }: ReceiveConfig,
  owners: DeviceOwners,
  { store, learned, clock, log }: ReceiverContext & { learned: Learned },
): Promise<Client> {
  const { name } = client
  const tags = new ReceivedTags({
    client: name,
    template: devices,
    maxTags,
    owners,
    store,
    learned: learned.device(name),
  })
  await tags.restore()
  const settings = { name: 'connected', address: '', type: 'bool', everyMs: 0, clamp: false, writable: false } as const
  const description = 'The gateway is connected to this one.'
  const [connectedTag] = await store.addTags([{ device: name, settings: { ...settings, description } }])
  const state = await store.openOriginState(name)
  const origins = new Origins({ client: name, store, state, clock, log })
  const total = { samples: 0, rejected: 0, leftOut: 0, bytes: 0 }
  const away = { present: undefined, since: clock.now(), awayBecause: undefined, last: undefined }
  return { config: client, origins, tags, connectedTag: connectedTag!, ...away, total }
}

/** Reads of our log what the files of the clients do not speak of yet, and before that what their tags were last. */
async function recover(clients: readonly Client[], owners: DeviceOwners, { store }: ReceiverContext): Promise<void> {
  const places = await Promise.all(clients.map(({ origins }) => origins.restore()))
  const from = Math.min(...places)
  const wants = (tag: TagId) => owners.received.has(store.tags.get(tag)?.device ?? '')
  if (from !== Infinity) {
    for await (const found of store.readAfter(Math.min(from, store.info().nextSeq - RECALLED))) {
      if (!(found instanceof SampleBatch)) continue
      store.recall(found, wants)
      if (found.seq!.at(-1)! >= from) break
    }
    for await (const found of store.readAfter(from)) {
      if (found instanceof SampleBatch) store.recall(found, wants)
      for (const { origins } of clients) origins.recover(found)
    }
  }
  for (const { origins } of clients) origins.recovered()
}

interface Parts {
  readonly clients: ReadonlyMap<string, Client>
  readonly devices: ReceivedDevices
  readonly learned: Learned
}

class RunningReceiver implements Receiver {
  readonly devices: ReceivedDevices
  readonly #config: ReceiveConfig
  readonly #context: ReceiverContext
  readonly #clients: ReadonlyMap<string, Client>
  readonly #unhear: () => void
  readonly #learned: Learned
  #listener: Listener | undefined
  #isStopping = false
  /** The last refusal by address, so that one who tries on is not told of each time. */
  readonly #refused = new Map<string, string>()

  constructor(config: ReceiveConfig, context: ReceiverContext, { clients, devices, learned }: Parts) {
    this.devices = devices
    this.#learned = learned
    this.#config = config
    this.#context = context
    this.#clients = clients
    this.#unhear = context.store.onDurable((seq) => {
      for (const { origins } of clients.values()) origins.durable(seq)
    })
  }

  get port(): number {
    return this.#listener!.port
  }

  async listen(): Promise<void> {
    for (const client of this.#clients.values()) this.#sayConnected(client, false)
    const serve = (stream: Duplex, from: string, letIn: () => void) =>
      void this.#serve(stream, from, letIn).catch((error: unknown) => {
        this.#context.log.error(
          { from, error: messageOf(error) },
          `a connection of ${from} failed: ${messageOf(error)}`,
        )
        stream.destroy()
      })
    this.#listener = await listen(this.#config, this.#clients.size * 4 + 16, this.#context, serve)
    const { host } = this.#config.listen
    this.#context.log.info({ port: this.port }, `other gateways may connect at ${host}:${this.port}`)
  }

  status(): readonly ReceivedFrom[] {
    return [...this.#clients.values()].map(({ config, origins, present, since, last, total }) => ({
      name: config.name,
      connected: present !== undefined,
      since,
      reason: this.devices.find(config.name)!.reason,
      from: present?.from ?? null,
      logId: last?.logId ?? null,
      upTo: last === undefined || last.held.highest === 0 ? null : last.held.highest,
      samples: total.samples + (present?.reception.counts.samples ?? 0),
      repeated: origins.repeated,
      rejected: total.rejected + (present?.reception.counts.rejected ?? 0),
      leftOut: total.leftOut + (present?.reception.counts.leftOut ?? 0),
      bytes: total.bytes + (present?.session.bytesReceived ?? 0),
    }))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#listener?.close()
    for (const { present } of this.#clients.values()) await present?.done
    await this.#context.store.flush().catch(() => undefined)
    this.#unhear()
    for (const { origins } of this.#clients.values()) await origins.close()
    await this.#learned.close()
  }

  async #serve(stream: Duplex, from: string, letIn: () => void): Promise<void> {
    const { clock, heartbeatMs = HEARTBEAT_MS } = this.#context
    const session = new LinkSession(stream, { clock, heartbeatMs })
    const fault = certificateFault(stream)
    if (fault !== undefined) return this.#refuse(session, fault, from)
    let client: Client
    let origin: Origin
    try {
      const hello = await session.hello(HELLO_MS)
      const admitted = admit(hello, stream, this.#config.clients)
      if ('code' in admitted) return this.#refuse(session, admitted, from)
      client = this.#clients.get(admitted.name)!
      // A log that is not let in leaves no trace: it would push out those that are remembered.
      const other = client.present
      if (other !== undefined && other.origin.logId !== hello.logId)
        return this.#refuse(session, { code: 'wait', reason: anotherIsHere(client.config.name, other.from) }, from)
      origin = await client.origins.open(hello.logId)
    } catch (error) {
      return this.#refuse(session, { code: 'violation', reason: messageOf(error) }, from)
    }
    const before = client.present
    if (before !== undefined && before.origin !== origin)
      return this.#refuse(session, { code: 'wait', reason: anotherIsHere(client.config.name, before.from) }, from)
    // The newest connection counts: the one before may be dead without knowing it.
    before?.session.end(new GatewayError('NOT_CONNECTED', 'it connected again'))
    await before?.done
    if (this.#isStopping || client.present !== undefined) {
      stream.destroy()
      return
    }
    letIn()
    this.#refused.delete(hostOf(from))
    const { store, keep, log } = this.#context
    const { tags, config } = client
    const reception = new Reception({ client: config.name, session, origin, tags, store, keep, clock, log })
    const present: Present = { session, reception, origin, from, done: Promise.resolve() }
    client.present = present
    client.last = origin
    await (present.done = this.#receive(client, present))
  }

  async #receive(client: Client, { session, reception, from }: Present): Promise<void> {
    const { name } = client.config
    const log = this.#context.log.child({ client: name })
    log.info({ from }, `${name} is connected from ${from}`)
    client.since = this.#context.clock.now()
    this.#sayConnected(client, true)
    try {
      await reception.run()
    } catch (error) {
      const reason = messageOf(error)
      client.awayBecause = reason
      const isBroken = !(error instanceof GatewayError) || error.code === 'PROTOCOL_VIOLATION'
      log[isBroken ? 'warn' : 'info']({ from, reason }, `${name} is not connected any more: ${reason}`)
      if (isBroken) session.refuse({ code: 'violation', retryAfterMs: REFUSED_RETRY_MS, reason })
      else session.end(new GatewayError('NOT_CONNECTED', reason))
    } finally {
      client.present = undefined
      client.since = this.#context.clock.now()
      this.#sayConnected(client, false)
      const { samples, rejected, leftOut } = reception.counts
      client.total.samples += samples
      client.total.rejected += rejected
      client.total.leftOut += leftOut
      client.total.bytes += session.bytesReceived
    }
  }

  /** A sample of our own; a log that is full has no room for it. */
  #sayConnected({ connectedTag }: Client, isConnected: boolean): void {
    const { store, clock, keep } = this.#context
    if (store.info().isFull) return
    const now = clock.now()
    const batch = new SampleBatch(1, now)
    batch.pushNumber(connectedTag, isConnected ? 1 : 0, Status.Good, now, HAS_VALUE | IS_BOOLEAN)
    keep(batch)
  }

  #refuse(session: LinkSession, { code, reason }: Refusal, from: string): void {
    session.refuse({ code, retryAfterMs: REFUSED_RETRY_MS, reason })
    const host = hostOf(from)
    if (this.#refused.get(host) === reason) return
    if (this.#refused.size >= 1000) this.#refused.clear()
    this.#refused.set(host, reason)
    this.#context.log.warn({ from, code, reason }, `a connection of ${from} was refused: ${reason}`)
  }
}

const hostOf = (from: string): string => from.slice(0, from.lastIndexOf(':'))

const anotherIsHere = (name: string, from: string): string =>
  `${name} is connected already from ${from}, with another log: give each gateway a name and a certificate of its own`
