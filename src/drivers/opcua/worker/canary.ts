/**
 * The shadow read: now and then one item of a subscription is read and compared with what was reported of it last. A value that
 * moved while nothing is reported, for longer than the server needs to report it, is a frozen subscription, however healthy the
 * connection looks.
 */
import type { DataValue } from 'node-opcua-client'
import { isUndecoded, toText } from '../../../protocols/opcua/value.ts'
import type { Connection } from './connection.ts'
import type { MonitoredItem } from './monitored-item.ts'
import { Attribute, readAttributes } from './reading.ts'
import type { Subscription } from './subscription.ts'

/** Reads this item now. */
export type ReadNow = (item: MonitoredItem) => Promise<DataValue | undefined>

/** Reads from the server itself. What was reported is decoded (`expand`): so is what it is compared with. */
export const valueReader =
  (connection: Connection, expand: (values: DataValue[]) => Promise<void>): ReadNow =>
  async ({ nodeId }) => {
    const nodes = [{ nodeId, attributeId: Attribute.Value }]
    const results = await readAttributes(connection.session, connection.limits, nodes)
    await expand(results.flatMap((one) => one ?? []))
    return results[0]
  }

/** Beyond its intervals a server may take so long to report. */
const MARGIN_MS = 500

interface Suspicion {
  readonly item: MonitoredItem
  /** When another value was read than was reported. */
  readonly since: number
  /** What was reported by then; undefined: nothing. */
  readonly reported: DataValue | undefined
}

export class Canary {
  reads = 0
  readonly #subscription: Subscription
  readonly #read: ReadNow
  readonly #statusOnly: boolean
  #turn = 0
  #suspicion: Suspicion | undefined

  /** `statusOnly`: the server reports changes of the status and not of the value. */
  constructor(subscription: Subscription, read: ReadNow, statusOnly: boolean) {
    this.#subscription = subscription
    this.#read = read
    this.#statusOnly = statusOnly
  }

  /** Since when a value has been another one than what was reported; undefined: all is well, as far as is known. */
  get suspectSince(): number | undefined {
    return this.#suspicion?.since
  }

  /** Forgets what it suspects: the subscription was made anew. */
  reset(): void {
    this.#suspicion = undefined
  }

  /** One look; true when the subscription is frozen. `now`: ms by a clock that nobody sets. */
  async look(now: number): Promise<boolean> {
    const suspicion = this.#suspicion
    if (suspicion !== undefined) return this.#lookAgain(suspicion, now)
    const item = this.#choose()
    if (item === undefined) return false
    if (await this.#differs(item)) this.#suspicion = { item, since: now, reported: item.last }
    return false
  }

  /** How long after a suspicion the second look is due. */
  get patienceMs(): number {
    const slowest = this.#suspicion?.item.samplingMs ?? 0
    return 2 * (this.#subscription.publishMs + slowest) + MARGIN_MS
  }

  async #lookAgain(suspicion: Suspicion, now: number): Promise<boolean> {
    const { item, since } = suspicion
    if (now - since < this.patienceMs) return false
    const isFrozen = !hasMoved(suspicion) && (await this.#differs(item)) && !hasMoved(suspicion)
    this.#suspicion = undefined
    return isFrozen
  }

  /** Each in turn; those whose small changes the server keeps to itself only where there are no others. */
  #choose(): MonitoredItem | undefined {
    const watched = this.#subscription.plan.items.filter(({ serverId }) => serverId !== undefined)
    const plain = watched.filter(({ filtered }) => !filtered)
    const from = plain.length > 0 ? plain : watched
    return from[this.#turn++ % Math.max(1, from.length)]
  }

  async #differs(item: MonitoredItem): Promise<boolean> {
    const read = await this.#read(item)
    this.reads++
    if (read === undefined) return false
    // Nothing was reported, not even what it was at first.
    if (item.last === undefined) return read.statusCode.value === 0
    return !agree(read, item.last, item, this.#statusOnly)
  }
}

/** Something newer was reported since: it was on its way. The same old value again and again is nothing newer. */
function hasMoved({ item: { last, lastAt }, since, reported }: Suspicion): boolean {
  if (lastAt <= since || last === undefined) return false
  if (reported === undefined) return true
  const [then, now] = [reported.sourceTimestamp?.getTime() ?? 0, last.sourceTimestamp?.getTime() ?? 0]
  return now > then || toText(last.value?.value) !== toText(reported.value?.value)
}

/** Whether what was read may be what was reported. */
function agree(
  read: DataValue,
  reported: DataValue,
  { filtered, wanted }: MonitoredItem,
  statusOnly: boolean,
): boolean {
  if (read.statusCode.value >>> 16 !== reported.statusCode.value >>> 16) return false
  if (statusOnly) return true
  const [a, b] = [read.value?.value as unknown, reported.value?.value as unknown]
  if (typeof a === 'number' && typeof b === 'number') {
    if (Object.is(a, b)) return true
    return filtered && Math.abs(a - b) <= (wanted[0]?.deadband ?? 0)
  }
  // What was read is not decoded, what was reported is.
  if (isUndecoded(a) || isUndecoded(b)) return true
  return toText(a) === toText(b)
}
