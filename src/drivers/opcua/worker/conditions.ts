/**
 * The conditions of a server by what was heard of them last, so that people can acknowledge one by its name: the EventId that the
 * server wants (OPC 10000-9, 5.7.3) is the newest one. Bounded: the longest unheard is forgotten first.
 */
import type { ConditionRecord, EventRecord } from './event-fields.ts'

const MOST_CONDITIONS = 10_000
const MOST_EVENTS = 10_000

export interface KnownCondition {
  /** As it is written. */
  readonly id: string
  readonly name: string | undefined
  readonly sourceName: string | undefined
  /** base64; of the trunk, not of a branch. */
  readonly eventId: string | undefined
  readonly message: string | undefined
}

export class Conditions {
  /** By their ids, the longest unheard first. */
  readonly #known = new Map<string, KnownCondition>()
  /** Which condition an event is of. */
  readonly #events = new Map<string, string>()

  get size(): number {
    return this.#known.size
  }

  take({ id: eventId, condition, sourceName, message }: EventRecord): void {
    if (condition === undefined) return
    if (eventId !== undefined) put(this.#events, eventId, condition.id, MOST_EVENTS)
    const before = this.#known.get(condition.id)
    if (before !== undefined && isBranch(condition)) return
    const { id, name } = condition
    const newest = isBranch(condition) ? undefined : eventId
    put(this.#known, id, { id, name, sourceName, eventId: newest, message }, MOST_CONDITIONS)
  }

  /** By id, by name, or by source and name, `Tank 1/Level high`: several where a name is used more than once. */
  find(text: string): readonly KnownCondition[] {
    const exact = this.#known.get(text)
    if (exact !== undefined) return [exact]
    return [...this.#known.values()].filter(
      ({ name, sourceName }) => name !== undefined && (name === text || `${sourceName}/${name}` === text),
    )
  }

  /** The condition of an event that was heard. */
  ofEvent(eventId: string): KnownCondition | undefined {
    return this.#known.get(this.#events.get(eventId) ?? '')
  }
}

const isBranch = ({ branch }: ConditionRecord): boolean => branch !== undefined

function put<V>(map: Map<string, V>, key: string, value: V, most: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > most) map.delete(map.keys().next().value!)
}
