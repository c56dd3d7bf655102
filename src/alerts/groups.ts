/**
 * What one receiver is told, and when, as Alertmanager does it: alerts of one name are one message, however many devices there are. The first
 * message waits a little for more of them, changes come at most once an interval, and what goes on is said again after a long while. What a
 * receiver cannot be told now, because its queue is full, stays here and is told when there is room.
 */
import { randomUUID } from 'node:crypto'
import type { ReceiverConfig } from '../core/alerts.ts'
import type { Alert } from './evaluator.ts'
import type { Message } from './message.ts'

export interface GroupTimes {
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatIntervalMs: number
}

interface Group {
  /** Those that are firing as far as the receiver knows, by id. */
  readonly told: Set<string>
  /** Those that are over and that it has to be told of. */
  readonly over: Map<string, Alert>
  /** When the first one was seen that nobody knows of; ms since 1970. */
  waitsSince: number | undefined
  sentAt: number | undefined
}

export interface KeptGroup {
  readonly group: string
  readonly told: readonly string[]
  readonly over: readonly Alert[]
  readonly sentAt: number | undefined
}

/** The queue that messages go into. */
export interface Queue {
  readonly isFull: boolean
  /** Whether a message of this group waits: then it need not be said again. */
  holds(group: string): boolean
  add(message: Message): void
  /** What will never be told. */
  lose(alert: Alert): void
}

/** In one message; the number of the others is in it. */
export const MOST_ALERTS = 50
const MOST_OVER = 1000

export class Groups {
  readonly #groups = new Map<string, Group>()

  constructor(kept: readonly KeptGroup[] = []) {
    for (const { group, told, over, sentAt } of kept)
      this.#groups.set(group, { told: new Set(told), over: new Map(over.map((one) => [one.id, one])), waitsSince: undefined, sentAt }) // prettier-ignore
  }

  /** Puts into the queue what the receiver has to be told now. `over`: what is resolved since the last time. */
  look(
    alerts: readonly Alert[],
    over: readonly Alert[],
    { severities, sendResolved }: Pick<ReceiverConfig, 'severities' | 'sendResolved'>,
    times: GroupTimes,
    now: number,
    queue: Queue,
  ): void {
    for (const one of over) this.#end(one, severities.includes(one.severity), sendResolved, queue)
    const firing = Map.groupBy(
      alerts.filter((one) => one.state === 'firing' && one.silence === undefined && severities.includes(one.severity)),
      ({ alert }) => alert,
    )
    for (const name of new Set([...firing.keys(), ...this.#groups.keys()]))
      this.#tell(name, firing.get(name) ?? [], times, now, queue)
  }

  #end(one: Alert, isWanted: boolean, sendResolved: boolean, queue: Queue): void {
    const group = this.#groups.get(one.alert)
    if (group?.told.delete(one.id) === true) {
      if (sendResolved && !one.isEvent && group.over.size < MOST_OVER) group.over.set(one.id, one)
    } else if (isWanted && one.silence === undefined && queue.isFull) queue.lose(one)
  }

  #tell(name: string, firing: readonly Alert[], times: GroupTimes, now: number, queue: Queue): void {
    const group = this.#groups.get(name) ?? { told: new Set(), over: new Map(), waitsSince: undefined, sentAt: undefined } // prettier-ignore
    // Fired again before anybody was told that it was over.
    for (const { id } of firing) if (group.over.delete(id)) group.told.add(id)
    const isChanged = group.over.size > 0 || firing.some(({ id }) => !group.told.has(id))
    if (firing.length === 0 && group.over.size === 0) {
      group.waitsSince = undefined
      if (group.told.size === 0) this.#groups.delete(name)
      return
    }
    this.#groups.set(name, group)
    if (!isDue(group, isChanged, times, now)) return
    if (queue.isFull || (!isChanged && queue.holds(name))) return
    // News first, and one that goes on before all that is over: however much is left out, the message does not say that all is well.
    const known = firing.filter(({ id }) => group.told.has(id))
    const fresh = firing.filter(({ id }) => !group.told.has(id))
    const all = [...fresh, ...known.slice(0, 1), ...group.over.values(), ...known.slice(1)]
    queue.add({
      id: randomUUID(),
      group: name,
      alerts: all.slice(0, MOST_ALERTS),
      truncated: Math.max(0, all.length - MOST_ALERTS),
      firing: firing.length,
      at: now,
    })
    for (const { id } of firing) group.told.add(id)
    group.over.clear()
    group.waitsSince = undefined
    group.sentAt = now
  }

  kept(): readonly KeptGroup[] {
    return [...this.#groups].map(([group, { told, over, sentAt }]) => ({
      group,
      told: [...told],
      over: [...over.values()],
      sentAt,
    }))
  }
}

function isDue(group: Group, isChanged: boolean, times: GroupTimes, now: number): boolean {
  // A clock that was set back does not keep anything from being told.
  const since = group.sentAt === undefined || group.sentAt > now ? Infinity : now - group.sentAt
  if (!isChanged) return since >= times.repeatIntervalMs
  if (group.told.size > 0 || group.over.size > 0) return since >= times.groupIntervalMs
  group.waitsSince ??= now
  if (group.waitsSince > now) group.waitsSince = now
  return now - group.waitsSince >= times.groupWaitMs
}
