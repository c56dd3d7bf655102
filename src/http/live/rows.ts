/** The rows of live messages as JSON text. A delta row is encoded once a change, whoever many clients get it. */
import type { LatestValue } from '../../core/sink.ts'
import { isBad, type StatusCode } from '../../core/status.ts'
import { namedNumbers, symbolOf } from '../../core/symbols.ts'
import type { Principal } from '../../core/permissions.ts'
import type { TagInfo, TagSettings } from '../../core/tags.ts'
import type { TagId } from '../../core/value.ts'
import type { Gateway } from '../../gateway.ts'
import { latestOf } from '../../observe/latest-of.ts'
import { shownDevice } from '../shown-devices.ts'
import { driverReason, reasonOf, valueText } from '../views.ts'
import type { Changes } from './changes.ts'

/** Longer lists are typed, not chosen from. */
const MOST_CHOICES = 64

export class Rows {
  readonly #gateway: Gateway
  readonly #changes: Changes
  #texts: string[] = []
  #versions: number[] = []

  constructor(gateway: Gateway, changes: Changes) {
    this.#gateway = gateway
    this.#changes = changes
  }

  /**
   * `[id, value, status, time, receivedAt]`, then the reason where the driver knows more than the status says, and the name of the
   * value where the tag names its numbers (before it null where there is no reason).
   */
  delta(id: TagId): string {
    const version = this.#changes.versionOf(id)
    if (this.#versions[id] === version) return this.#texts[id]!
    const tag = this.#gateway.store.tags.get(id)
    const { value, status, time, receivedAt } = this.#latest(id, tag)
    const reason = isBad(status) ? this.#driverReason(id, status, tag) : ''
    const name = symbolOf(value, tag?.settings.symbols)
    const more = name === null ? reason : `${reason === '' ? ',null' : reason},${JSON.stringify(name)}`
    const text = `[${id},${valueText(value)},${status},${value === undefined ? 'null' : time},${receivedAt}${more}]`
    this.#texts[id] = text
    this.#versions[id] = version
    return text
  }

  /** A row of a snapshot: what the tag is, whether it may be written by whoever looks on, and its latest value. */
  snapshot(tag: TagInfo, principal: Principal): string {
    const { id, device, settings } = tag
    const { value, status, time, receivedAt } = latestOf(this.#gateway, tag)
    const { name, unit, type, low, high, writeMin, writeMax, description } = settings
    const writable = settings.writable && principal.mayFor('write', device)
    return JSON.stringify({
      id,
      device,
      tag: name,
      unit: unit ?? null,
      type,
      writable,
      low: low ?? null,
      high: high ?? null,
      writeMin: writeMin ?? null,
      writeMax: writeMax ?? null,
      description: description ?? null,
      ...(writable ? writingOf(settings) : {}),
      value: null,
      text: symbolOf(value, settings.symbols),
      status,
      time: value === undefined ? null : time,
      receivedAt,
      reason: reasonOf(status, shownDevice(this.#gateway, device), id),
    }).replace('"value":null', () => `"value":${valueText(value)}`)
  }

  #latest(id: TagId, tag: TagInfo | undefined): LatestValue {
    return tag === undefined ? this.#gateway.store.latest.get(id) : latestOf(this.#gateway, tag)
  }

  #driverReason(id: TagId, status: StatusCode, tag: TagInfo | undefined): string {
    const reason = driverReason(status, this.#gateway.polling.device(tag?.device ?? ''), id)
    return reason === undefined ? '' : `,${JSON.stringify(reason)}`
  }

  /** Forgets the texts: nobody listens any more. */
  clear(): void {
    this.#texts = []
    this.#versions = []
  }
}

/** What whoever writes it has to know before: only what there is, so that a snapshot of many tags stays small. */
function writingOf({ critical, approval, interlock, writeValues, writeStep, symbols }: TagSettings) {
  const names = symbols === undefined ? undefined : namedNumbers(symbols)
  const allowed = writeValues?.split('|')
  const named = names?.map(([number, name]) => [String(number), name] as const)
  const choices = allowed?.map((value) => [value, named?.find(([number]) => number === value)?.[1] ?? value]) ?? named
  const writing = {
    ...(critical === true ? { critical } : {}),
    ...(approval === true ? { approval } : {}),
    ...(interlock === undefined ? {} : { interlock }),
    ...(writeStep === undefined ? {} : { step: writeStep }),
    ...(choices === undefined || choices.length > MOST_CHOICES ? {} : { choices }),
  }
  return Object.keys(writing).length === 0 ? {} : { writing }
}
