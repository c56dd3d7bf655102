/**
 * What must hold beyond type and range when a tag is written: the lock of all writes, its values, its pace, its step, its interlock. Looked
 * at when a write is asked for, so that the caller hears at once, and again right before the first request goes out.
 */
import type { Clock } from '../core/clock.ts'
import { BusyError, GatewayError } from '../core/errors.ts'
import type { Latest } from '../core/sink.ts'
import type { TagInfo, TagTable } from '../core/tags.ts'
import { toJsonValue, type TagId, type Value } from '../core/value.ts'
import { devicesOf, presentValue, whyInterlocked, type Known } from './interlock.ts'
import type { WritesLock } from './writes-lock.ts'

export interface WriteRulesContext {
  readonly store: { readonly tags: TagTable; readonly latest: Latest }
  readonly clock: Clock
  readonly lock: Pick<WritesLock, 'assertOpen'>
}

export class WriteRules {
  readonly #lock: Pick<WritesLock, 'assertOpen'>
  readonly #clock: Clock
  readonly #known: Known
  /** When each tag with a pace was written last, monotonic. */
  readonly #written = new Map<TagId, number>()
  /** What went out last to each tag with a step, and when (ms since 1970): until it is read again, it may be what the device has. */
  readonly #sent = new Map<TagId, { readonly value: number; readonly at: number }>()

  constructor({ store, clock, lock }: WriteRulesContext) {
    this.#lock = lock
    this.#clock = clock
    this.#known = { tags: store.tags, latest: store.latest, now: () => clock.now() }
  }

  /** Throws WRITE_LOCKED, INVALID_REQUEST (no reason), INVALID_VALUE, BUSY (too soon) or WRITE_INTERLOCKED. */
  check(info: TagInfo, value: Value, reason: string | undefined): void {
    const { device, settings } = info
    const name = `${device}/${settings.name}`
    this.#lock.assertOpen()
    if (settings.critical === true && (reason === undefined || reason.trim() === '')) {
      const detail = `${name} is critical: say why it is written`
      throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/reason' }] } })
    }
    this.#checkValue(info, value)
    this.#checkPace(info)
    this.#checkStep(info, value)
    const { interlock = '' } = settings
    const why = interlock === '' ? undefined : whyInterlocked(interlock, device, this.#known)
    if (why !== undefined)
      throw interlocked(info, `${name} may not be written now: ${why}.`, devicesOf(interlock, device))
  }

  /** It goes out now. */
  written({ id, settings }: TagInfo, value: Value): void {
    if (settings.writeStep !== undefined && (typeof value === 'number' || typeof value === 'bigint'))
      this.#sent.set(id, { value: Number(value), at: this.#clock.now() })
    if (settings.writeEveryMs !== undefined) this.#written.set(id, this.#clock.monotonic())
  }

  #checkValue({ device, settings }: TagInfo, value: Value): void {
    const { writeValues, unit } = settings
    if (writeValues === undefined || writeValues.split('|').some((one) => isValue(one, value))) return
    const allowed = `${writeValues.split('|').join(', ')}${unit === undefined ? '' : ` ${unit}`}`
    const sentence = `${device}/${settings.name} takes only ${allowed}: ${String(toJsonValue(value))} is none of them.`
    throw new GatewayError('INVALID_VALUE', sentence, { details: { tag: settings.name } })
  }

  #checkPace({ id, device, settings }: TagInfo): void {
    const last = this.#written.get(id)
    if (settings.writeEveryMs === undefined || last === undefined) return
    const left = last + settings.writeEveryMs - this.#clock.monotonic()
    if (left <= 0) return
    const sentence = `${device}/${settings.name} may be written once in ${settings.writeEveryMs / 1000} s`
    throw new BusyError(sentence, Math.ceil(left))
  }

  #checkStep(info: TagInfo, value: Value): void {
    const { writeStep, unit } = info.settings
    if (writeStep === undefined || (typeof value !== 'number' && typeof value !== 'bigint')) return
    const name = `${info.device}/${info.settings.name}`
    const present = presentValue(info, this.#known)
    if (typeof present === 'string')
      throw interlocked(info, `${name} may be changed in steps only, and nobody knows from where: ${present}.`)
    // Binary fractions: 0.3 - 0.2 is more than 0.1.
    const isTooFar = (from: Value | number): boolean => Math.abs(Number(value) - Number(from)) > writeStep * (1 + 1e-9)
    const sent = this.#sentSince(info.id)
    const from = [present.value, ...(sent === undefined ? [] : [sent])].find(isTooFar)
    if (from === undefined) return
    const suffix = unit === undefined ? '' : ` ${unit}`
    const is = from === present.value ? 'it is' : 'it was just written as'
    const sentence = `${name} may be changed by at most ${writeStep}${suffix} at once: ${is} ${String(toJsonValue(from))}, ${value} is too far.`
    throw new GatewayError('INVALID_VALUE', sentence, { details: { tag: info.settings.name } })
  }

  /** What went out after the value that is known was read. */
  #sentSince(tag: TagId): number | undefined {
    const sent = this.#sent.get(tag)
    if (sent === undefined || this.#known.latest.get(tag).receivedAt <= sent.at) return sent?.value
    this.#sent.delete(tag)
    return undefined
  }
}

/** `devices`: of which the sentence tells. */
const interlocked = (
  { device, settings }: TagInfo,
  sentence: string,
  devices: readonly string[] = [device],
): GatewayError => new GatewayError('WRITE_INTERLOCKED', sentence, { details: { device, tag: settings.name, devices } })

function isValue(text: string, value: Value): boolean {
  if (typeof value === 'number') return Number(text) === value
  if (typeof value === 'bigint') return /^[+-]?\d+$/.test(text) && BigInt(text) === value
  return !(value instanceof Uint8Array) && String(value) === text
}
