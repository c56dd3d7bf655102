/**
 * The lines there are, and which device is on which. A line lives while a device is on it, and its socket with it: devices that come
 * join those that stay. Where all devices of a line end, whoever begins there gets a new one, with the options of now.
 */
import type { Clock } from '../core/clock.ts'
import { Line } from './line.ts'
import type { DeviceSetup } from './polling.ts'
import type { WireFigures } from './wire-figures.ts'

/** A device on its line, and its account there. */
interface Member {
  readonly name: string
  readonly line: Line
  readonly stats: { readonly wire: WireFigures }
}

interface Entry {
  readonly key: string
  readonly line: Line
  /** Devices on it now; none: they have not begun yet. */
  readonly devices: Set<string>
}

export class Lines {
  readonly #clock: Clock
  /** By driver type and what the type calls the line. */
  readonly #entries = new Map<string, Entry>()
  /** Lines whose devices have not begun yet. */
  readonly #coming = new Map<string, Entry>()
  readonly #byLine = new Map<Line, Entry>()
  readonly #byDevice = new Map<string, Entry>()
  /** What people call the lines: each once. */
  readonly #names = new Map<string, string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get all(): Line[] {
    return [...this.#entries.values()].map(({ line }) => line)
  }

  /** The line of a device that will begin when those of `leaving` have ended. */
  join({ type, options }: DeviceSetup, leaving: ReadonlySet<string>): Line {
    const name = type.line(options as never)
    const key = `${type.name} ${name}`
    const known = this.#entries.get(key)
    if (known !== undefined && staysFor(known, leaving)) return known.line
    const coming = this.#coming.get(key)
    if (coming !== undefined) return coming.line
    const line = new Line(this.#nameOf(name, key), type.inFlight?.(options as never) ?? 1, this.#clock)
    const entry = { key, line, devices: new Set<string>() }
    this.#coming.set(key, entry)
    this.#byLine.set(line, entry)
    return line
  }

  /** The device begins on its line. */
  take(device: string, line: Line): void {
    const entry = this.#byLine.get(line)!
    if (this.#coming.get(entry.key) === entry) {
      this.#coming.delete(entry.key)
      this.#entries.set(entry.key, entry)
    }
    entry.devices.add(device)
    this.#byDevice.set(device, entry)
  }

  /** The device has ended. */
  leave({ name, stats }: Member): void {
    const entry = this.#byDevice.get(name)
    if (entry === undefined) return
    this.#byDevice.delete(name)
    entry.devices.delete(name)
    entry.line.leave(name, stats.wire)
    if (entry.devices.size === 0) this.#forget(entry, this.#entries)
  }

  /** These do not begin after all. */
  discard(members: readonly Member[]): void {
    for (const { name, line, stats } of members) {
      line.leave(name, stats.wire)
      const entry = this.#byLine.get(line)
      if (entry?.devices.size === 0) this.#forget(entry, this.#coming)
    }
  }

  #forget(entry: Entry, from: Map<string, Entry>): void {
    if (from.get(entry.key) === entry) from.delete(entry.key)
    this.#byLine.delete(entry.line)
    if (!this.#entries.has(entry.key) && !this.#coming.has(entry.key)) this.#names.delete(entry.line.key)
  }

  /** Devices of one type with one key share a line; two types may have the same name for theirs. */
  #nameOf(name: string, key: string): string {
    const owner = this.#names.get(name)
    const free = owner === undefined || owner === key ? name : key
    this.#names.set(free, key)
    return free
  }
}

function staysFor({ devices }: Entry, leaving: ReadonlySet<string>): boolean {
  if (leaving.size === 0) return true
  for (const device of devices) if (!leaving.has(device)) return true
  return false
}
