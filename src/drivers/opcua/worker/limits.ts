/**
 * What a server bears in one request (OPC 10000-5, 6.3.11), read when a session begins and obeyed; 0 or nothing means no limit. A
 * server that refuses a request as too large although it said otherwise is asked for half as much from then on.
 */
import type { OpcuaOptions } from '../options.ts'

/** Node ids of the limits in the standard's namespace. */
const NODES = {
  read: 11705,
  write: 11707,
  call: 11709,
  browse: 11710,
  register: 11711,
  translate: 11712,
  monitor: 11714,
  history: 12165,
  subscriptions: 24098,
  allSubscriptions: 24096,
  itemsOfSubscription: 24104,
} as const

export type LimitName = keyof typeof NODES

export const LIMIT_NODES: readonly number[] = Object.values(NODES)
const NAMES = Object.keys(NODES) as LimitName[]

/** Too much at once, says the server. */
const TOO_MUCH = new Set([
  'BadTooManyOperations',
  'BadResponseTooLarge',
  'BadRequestTooLarge',
  'BadEncodingLimitsExceeded',
  'BadTcpMessageTooLarge',
  'BadOutOfMemory',
])

export class Limits {
  readonly #limits = new Map<LimitName, number>()
  readonly #most: number

  constructor({ maxNodesPerRequest }: Pick<OpcuaOptions, 'maxNodesPerRequest'>) {
    this.#most = maxNodesPerRequest
  }

  /** `values`: of LIMIT_NODES, in order; anything but a positive number says nothing. */
  take(values: readonly unknown[]): void {
    for (const [at, name] of NAMES.entries()) {
      const value = values[at]
      if (typeof value === 'number' && Number.isInteger(value) && value > 0) this.#limits.set(name, value)
    }
  }

  /** How many nodes a request may have. */
  of(name: LimitName): number {
    return Math.max(1, Math.min(this.#most, this.#limits.get(name) ?? Infinity))
  }

  /** A count of things that are kept, such as subscriptions; Infinity where the server names none. */
  count(name: 'subscriptions' | 'itemsOfSubscription'): number {
    const all = name === 'subscriptions' ? (this.#limits.get('allSubscriptions') ?? Infinity) : Infinity
    return Math.min(all, this.#limits.get(name) ?? Infinity)
  }

  /** The server refused `asked` nodes with this status: true when less is worth a try. */
  halve(name: LimitName, asked: number, statusName: string): boolean {
    if (!TOO_MUCH.has(statusName) || asked <= 1) return false
    this.#limits.set(name, Math.min(this.of(name), Math.max(1, Math.floor(asked / 2))))
    return true
  }

  view(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#limits)
  }
}
