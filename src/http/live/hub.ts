/**
 * Sends snapshots and deltas to live clients. One loop serves them all, in slices, so that a thousand clients hold the event
 * loop no longer than one. Clients that see everything and stand at the same version share one encoded message. Large
 * messages leave in fragments (RFC 6455, 5.4).
 */
import type { Timer } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Gateway } from '../../gateway.ts'
import type { HttpStats } from '../../observe/http-stats.ts'
import type { System } from '../../observe/system/system.ts'
import { Slice } from '../../core/slice.ts'
import type { Limits } from '../limits.ts'
import { Changes } from './changes.ts'
import type { LiveClient } from './client.ts'
import { Confirmations } from './confirmations.ts'
import { DeviceFeed } from './device-feed.ts'
import { Rows } from './rows.ts'

const TURN_MS = 50
const DEVICES_MS = 1000
const FRAGMENT_ROWS = 500
/** Apart by this share of the interval, one after the other lies evenly in it, however many there are (the golden ratio). */
const PHASE_STEP = 0.618_033_988_75
/** Unchanged values are renewed at this rate at most, and each within this time. */
const CONFIRMED_PER_MS = 5
const LONGEST_CONFIRM_MS = 5000

export class LiveHub {
  readonly #gateway: Gateway
  readonly #stats: HttpStats
  readonly #limits: Limits
  readonly #changes: Changes
  readonly #rows: Rows
  readonly #feed: DeviceFeed
  readonly #confirmations: Confirmations
  readonly #clients = new Set<LiveClient>()
  #stopListening: (() => void) | undefined
  #timers: Timer[] = []
  #turning = false
  #devicesDueAt = 0
  #tagsVersion = 0
  #confirmDueAt = 0
  #nextPhase = 0

  constructor(gateway: Gateway, system: System, stats: HttpStats, limits: Limits) {
    this.#gateway = gateway
    this.#stats = stats
    this.#limits = limits
    this.#changes = new Changes(gateway.store.tags.capacity)
    this.#rows = new Rows(gateway, this.#changes)
    this.#feed = new DeviceFeed(gateway, system)
    this.#confirmations = new Confirmations(gateway, this.#changes)
  }

  get size(): number {
    return this.#clients.size
  }

  add(client: LiveClient): void {
    this.#clients.add(client)
    this.#stats.liveClients = this.#clients.size
    if (this.#clients.size === 1) this.#listen()
  }

  remove(client: LiveClient): void {
    if (!this.#clients.delete(client)) return
    this.#stats.liveClients = this.#clients.size
    if (this.#clients.size === 0) this.#rest()
  }

  /** Ends every connection: 1001, going away. */
  close(): void {
    for (const client of this.#clients) client.socket.close(1001, 'the gateway is shutting down')
    this.#rest()
  }

  // Nobody listens: changes are not even marked.
  #listen(): void {
    const { clock } = this.#gateway
    this.#devicesDueAt = 0
    this.#tagsVersion = this.#gateway.store.tags.version
    this.#stopListening = this.#gateway.onBatch((batch) => this.#changes.mark(batch))
    this.#timers = [
      clock.every(TURN_MS, () => this.#startTurn()),
      clock.every(this.#limits.livePingMs, () => this.#ping()),
    ]
  }

  #rest(): void {
    this.#stopListening?.()
    this.#stopListening = undefined
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
    this.#rows.clear()
  }

  #startTurn(): void {
    if (this.#turning) return
    this.#turning = true
    this.#turn()
      .catch((error: unknown) => {
        this.#gateway.log.error({ logger: 'live', error }, `live values: ${messageOf(error)}`)
      })
      .finally(() => {
        this.#turning = false
      })
  }

  async #turn(): Promise<void> {
    const slice = new Slice()
    const now = this.#gateway.clock.monotonic()
    if (now >= this.#confirmDueAt) {
      this.#confirmDueAt = now + this.#confirmEveryMs()
      await this.#confirmations.touch(slice)
    }
    const refreshed = now >= this.#devicesDueAt
    if (refreshed) {
      this.#devicesDueAt = now + DEVICES_MS
      const isOneGone = await this.#feed.refresh(slice)
      this.#followTags()
      if (isOneGone) for (const client of this.#clients) client.wanted ??= client.ask?.()
    }
    for (const client of this.#clients) {
      if (client.wanted !== undefined && client.snapshot === undefined) this.#beginSnapshot(client)
      if (client.snapshot !== undefined) await this.#continueSnapshot(client, slice)
    }
    await this.#sendDeltas(now, slice)
    await this.#sendDevices(now, refreshed, slice)
  }

  // Tags of other gateways come while clients look on.
  #followTags(): void {
    const { version } = this.#gateway.store.tags
    if (version === this.#tagsVersion) return
    this.#tagsVersion = version
    for (const client of this.#clients) client.askAgain()
  }

  // A snapshot begins at the present version: what changes while it is being sent comes again in the first delta.
  #beginSnapshot(client: LiveClient): void {
    client.current = client.wanted
    client.wanted = undefined
    client.phase = this.#phaseOf(client)
    client.rebase(this.#changes)
    client.deviceVersion = this.#feed.version
    client.snapshot = { tags: client.current?.tags ?? [...this.#gateway.store.tags.values()], sent: 0 }
    client.socket.send('{"type":"snapshot","values":[', { fin: false })
  }

  async #continueSnapshot(client: LiveClient, slice: Slice): Promise<void> {
    const { snapshot } = client
    if (snapshot === undefined) return
    while (client.open && !this.#slow(client)) {
      if (snapshot.sent >= snapshot.tags.length) return this.#endSnapshot(client)
      const rows: string[] = []
      const end = Math.min(snapshot.tags.length, snapshot.sent + FRAGMENT_ROWS)
      for (let at = snapshot.sent; at < end; at++) rows.push(this.#rows.snapshot(snapshot.tags[at]!, client.principal))
      client.socket.send(`${snapshot.sent === 0 ? '' : ','}${rows.join(',')}`, { fin: false })
      snapshot.sent = end
      await slice.breathe()
    }
  }

  #endSnapshot(client: LiveClient): void {
    const devices = this.#feed.since(0, client.current?.devices)
    client.socket.send(`],"devices":[${devices.join(',')}]}`, { fin: true })
    client.snapshot = undefined
    client.nextDueAt = this.#dueAfter(client, client.intervalMs)
    client.devicesDueAt = this.#dueAfter(client, DEVICES_MS)
  }

  // Clients that see everything are due together and share their messages; those that see their own are spread over the interval,
  // because five thousand at once would hold up everybody, and the last of them most.
  #phaseOf(client: LiveClient): number {
    if (client.current?.tags === undefined) return 0
    this.#nextPhase = (this.#nextPhase + PHASE_STEP) % 1
    return this.#nextPhase
  }

  /** On a grid, so that a turn that came late does not delay the next. */
  #dueAfter({ phase }: LiveClient, intervalMs: number): number {
    const turns = Math.floor(this.#gateway.clock.monotonic() / intervalMs - phase) + 1
    return (turns + phase) * intervalMs
  }

  #slow(client: LiveClient): boolean {
    return client.socket.bufferedAmount > this.#limits.liveBufferedBytes
  }

  #confirmEveryMs(): number {
    const { size } = this.#gateway.store.tags
    return Math.max(this.#limits.liveConfirmMs, Math.min(LONGEST_CONFIRM_MS, size / CONFIRMED_PER_MS))
  }

  async #sendDeltas(now: number, slice: Slice): Promise<void> {
    const shared = new Map<number, LiveClient[]>()
    for (const client of this.#clients) {
      if (!client.settled || now < client.nextDueAt || this.#slow(client)) continue
      client.nextDueAt = this.#dueAfter(client, client.intervalMs)
      if (client.current?.tags !== undefined) {
        await this.#deliver([client], slice)
        continue
      }
      const group = shared.get(client.version)
      if (group === undefined) shared.set(client.version, [client])
      else group.push(client)
    }
    for (const group of shared.values()) await this.#deliver(group, slice)
  }

  /** One delta for clients that stand at the same version and see the same tags. */
  async #deliver(group: readonly LiveClient[], slice: Slice): Promise<void> {
    const { ids, changed } = group[0]!.pending(this.#changes)
    for (const client of group) client.rebase(this.#changes)
    if (ids.length === 0) return
    const conflated = changed - ids.length
    const fragments: Buffer[] = []
    let text = `{"type":"delta","serverTime":${this.#gateway.clock.now()},"values":[`
    for (let at = 0; at < ids.length; at++) {
      text += (at === 0 ? '' : ',') + this.#rows.delta(ids[at]!)
      if ((at + 1) % FRAGMENT_ROWS !== 0) continue
      fragments.push(Buffer.from(text))
      text = ''
      await slice.breathe()
    }
    fragments.push(Buffer.from(`${text}],"conflated":${conflated}}`))
    for (const client of group) {
      this.#stats.liveConflated += conflated
      sendFragments(client, fragments)
      await slice.breathe()
    }
  }

  async #sendDevices(now: number, refreshed: boolean, slice: Slice): Promise<void> {
    const shared = new Map<number, Buffer | undefined>()
    for (const client of this.#clients) {
      if (!client.settled || !this.#isDueForDevices(client, now, refreshed) || this.#slow(client)) continue
      const devices = client.current?.devices
      const { deviceVersion } = client
      client.deviceVersion = this.#feed.version
      client.devicesDueAt = this.#dueAfter(client, DEVICES_MS)
      if (devices === undefined && !shared.has(deviceVersion)) {
        shared.set(deviceVersion, devicesMessage(this.#feed.since(deviceVersion, undefined)))
      }
      const message =
        devices === undefined ? shared.get(deviceVersion) : devicesMessage(this.#feed.since(deviceVersion, devices))
      if (message !== undefined) sendFragments(client, [message])
      await slice.breathe()
    }
  }

  // News goes out at once, counters and times when the client is due.
  #isDueForDevices(client: LiveClient, now: number, refreshed: boolean): boolean {
    const devices = client.current?.devices
    if (devices === undefined) return refreshed
    if (client.deviceVersion === this.#feed.version) return false
    return now >= client.devicesDueAt || (refreshed && this.#feed.hasNews(client.deviceVersion, devices))
  }

  #ping(): void {
    for (const client of this.#clients) {
      if (!client.alive) client.socket.terminate()
      client.alive = false
      if (client.open) client.socket.ping()
    }
  }
}

function sendFragments(client: LiveClient, fragments: readonly Buffer[]): void {
  if (!client.open) return
  for (let at = 0; at < fragments.length; at++) {
    client.socket.send(fragments[at]!, { binary: false, fin: at === fragments.length - 1 })
  }
}

const devicesMessage = (texts: readonly string[]): Buffer | undefined =>
  texts.length === 0 ? undefined : Buffer.from(`{"type":"devices","devices":[${texts.join(',')}]}`)
