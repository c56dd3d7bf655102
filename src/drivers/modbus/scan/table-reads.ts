/**
 * The reads of one table in a scan: bounded in number and in time-outs. What was read and what was refused is kept, so that nothing
 * is asked twice and nothing is claimed that was not read.
 */
import type { ModbusRequest } from '../../../protocols/modbus/index.ts'
import { AREAS, type Area } from '../address.ts'
import type { Asker } from './asker.ts'

/** `first` … `last` can be read: each of them was part of a read that was answered. */
export interface ReadableRange {
  readonly first: number
  readonly last: number
}

/** Of one table: enough for a dozen groups of registers, or for 3,000 registers in a row. */
const MOST_REQUESTS = 64
/** Each costs a time-out and a read that tells whether the device is still there. */
const MOST_SILENCES = 8
const ADDRESSES = 65_536
const ILLEGAL_FUNCTION = 1

export class TableReads {
  readonly #asker: Asker
  readonly #unit: number
  readonly #area: Area
  /** Found so far, in their order, with a gap between any two. */
  ranges: readonly ReadableRange[] = []
  /** Addresses at which a read was refused that was as small as the device has them. */
  readonly #refused = new Set<number>()
  requests = 0
  #silences = 0
  /** It does not know the function. */
  isUnknown = false
  /** It answers nothing any more. */
  isSilent = false
  /** The smallest read that the device answers: two registers where it has only values of two. */
  width = 1
  /** The largest read worth trying. */
  cap: number
  /** The largest read that was answered. */
  largest = 1

  constructor(asker: Asker, unit: number, area: Area, cap: number) {
    this.#asker = asker
    this.#unit = unit
    this.#area = area
    this.cap = cap
  }

  /** True when nothing is sent any more. */
  get isOver(): boolean {
    return this.isUnknown || this.isSilent || this.requests >= MOST_REQUESTS || this.#silences >= MOST_SILENCES
  }

  /** True when these addresses can be read; false, unsent, once the reads are over. */
  async read(address: number, count: number): Promise<boolean> {
    if (this.isOver || address < 0 || address + count > ADDRESSES) return false
    const outcome = await this.#ask(address, count)
    if (outcome === 'read') {
      this.#found(address, address + count - 1)
      this.largest = Math.max(this.largest, count)
    } else if (count <= this.width) this.#refused.add(address)
    if (outcome === 'unknown function' && this.requests === 1) this.isUnknown = true
    if (outcome === 'silent') await this.#look()
    return outcome === 'read'
  }

  /** True when it is known whether this address can be read. */
  knows(address: number): boolean {
    return this.#refused.has(address) || this.ranges.some(({ first, last }) => first <= address && address <= last)
  }

  /** How many addresses from this one on nothing is known of. */
  unknownFrom(address: number): number {
    const above = [...this.#refused, ...this.ranges.map(({ first }) => first)].filter((known) => known >= address)
    return Math.min(ADDRESSES, ...above) - address
  }

  /** How many addresses right below this one nothing is known of. */
  unknownBelow(address: number): number {
    const below = [...this.#refused, ...this.ranges.map(({ last }) => last)].filter((known) => known < address)
    return address - 1 - Math.max(-1, ...below)
  }

  async #ask(address: number, count: number) {
    this.requests++
    const request = { functionCode: AREAS[this.#area].readFunction, address, count }
    const heard = await this.#asker.ask(this.#unit, request as ModbusRequest)
    if (heard.kind === 'silence') return 'silent'
    if (heard.kind === 'exception' && heard.code === ILLEGAL_FUNCTION) return 'unknown function'
    return heard.kind === 'answer' ? 'read' : 'refused'
  }

  /** Some devices don't refuse what they don't have, they keep silent: what they answered to before tells whether they are there. */
  async #look(): Promise<void> {
    this.#silences++
    const last = this.ranges[0]?.first
    this.isSilent = this.requests === 1 || (await this.#ask(last ?? 0, this.width)) === 'silent'
  }

  /** Neighbours become one range. */
  #found(first: number, last: number): void {
    const apart = this.ranges.filter((range) => range.last + 1 < first || range.first > last + 1)
    const touched = this.ranges.filter((range) => !apart.includes(range))
    const whole = {
      first: Math.min(first, ...touched.map((range) => range.first)),
      last: Math.max(last, ...touched.map((range) => range.last)),
    }
    this.ranges = [...apart, whole].sort((a, b) => a.first - b.first)
  }
}
