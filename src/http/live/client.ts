/**
 * One live client: its socket, what it subscribed to, and up to which version it has been told. What it misses while it is
 * slow needs no queue: its version stays behind, and the next delta brings the newest values with the count of the others.
 */
import type { WebSocket } from 'ws'
import type { Principal } from '../../core/permissions.ts'
import type { TagInfo } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import type { Changes } from './changes.ts'

/** What a client wants to see. */
export interface Subscription {
  /** Undefined: every tag and device. */
  readonly tags: readonly TagInfo[] | undefined
  readonly devices: ReadonlySet<string> | undefined
}

export class LiveClient {
  readonly socket: WebSocket
  intervalMs: number
  /** Who it is; looked at anew while it is open. */
  principal: Principal
  /** What it asked for, by the tags that there are now. */
  ask: (() => Subscription) | undefined
  /** Asked for and not yet begun. */
  wanted: Subscription | undefined
  current: Subscription | undefined
  /** Rows of the snapshot that is being sent, and how many are out. */
  snapshot: { tags: readonly TagInfo[]; sent: number } | undefined
  version = 0
  total = 0
  deviceVersion = 0
  nextDueAt = 0
  devicesDueAt = 0
  /** Where in its interval its turn is, as a share of it. */
  phase = 0
  /** Answered the last ping. */
  alive = true
  #counts = new Float64Array(0)

  constructor(socket: WebSocket, intervalMs: number, principal: Principal) {
    this.principal = principal
    this.socket = socket
    this.intervalMs = intervalMs
  }

  get open(): boolean {
    return this.socket.readyState === this.socket.OPEN
  }

  /** Ready for a delta: its snapshot is out and nothing newer is wanted. */
  get settled(): boolean {
    return this.open && this.current !== undefined && this.wanted === undefined && this.snapshot === undefined
  }

  /** Other tags are there: it gets a new snapshot, unless what it sees is as before. */
  askAgain(): void {
    if (this.ask === undefined || this.wanted !== undefined) return
    const wanted = this.ask()
    const before = this.current?.tags
    const isSame =
      wanted.tags?.length === before?.length && wanted.tags?.every((tag, at) => tag === before?.[at]) === true
    if (!isSame) this.wanted = wanted
  }

  /** From here on it is owed every change. Must run in the same turn in which `changes` was read. */
  rebase(changes: Changes): void {
    this.version = changes.version
    this.total = changes.total
    const tags = this.current?.tags
    if (tags === undefined) return
    if (this.#counts.length !== tags.length) this.#counts = new Float64Array(tags.length)
    for (let at = 0; at < tags.length; at++) this.#counts[at] = changes.countOf(tags[at]!.id)
  }

  /** The tags that changed since it was told last, and how many changes these stand for. */
  pending(changes: Changes): { ids: TagId[]; changed: number } {
    const tags = this.current?.tags
    if (tags === undefined) return { ids: changes.since(this.version), changed: changes.total - this.total }
    const ids: TagId[] = []
    let changed = 0
    for (let at = 0; at < tags.length; at++) {
      const { id } = tags[at]!
      if (changes.versionOf(id) <= this.version) continue
      ids.push(id)
      changed += changes.countOf(id) - this.#counts[at]!
    }
    return { ids, changed }
  }
}
