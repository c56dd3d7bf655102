/** Gathers what an importer finds: names are made fit and unique, and everything else is told with its place. */
import { nameFault } from '../core/name.ts'
import { oneLine } from '../core/one-line.ts'
import type { Changed, Imported, ImportedDevice, ImportedTag, LeftOut } from './importer.ts'

export type DeviceHead = Omit<ImportedDevice, 'tags' | 'everyMs' | 'enabled'> &
  Partial<Pick<ImportedDevice, 'everyMs' | 'enabled'>>

/** Scan rates that no file gives are this. */
export const DEFAULT_EVERY_MS = 1000

export class Harvest {
  readonly #devices: (ImportedDevice & { tags: ImportedTag[] })[] = []
  readonly #leftOut: LeftOut[] = []
  readonly #changed: Changed[] = []
  readonly #deviceNames = new Set<string>()

  leave(place: string, what: string, why: string, next: string): void {
    this.#leftOut.push({ place, what: oneLine(what), why, next })
  }

  change(place: string, what: string): void {
    this.#changed.push({ place, what: oneLine(what) })
  }

  /** A device; its tags are added to what comes back. */
  device(head: DeviceHead): DeviceHarvest {
    const name = this.#unique(this.#fit(head.name, 'device', head.place), this.#deviceNames, head.place)
    const device = { everyMs: DEFAULT_EVERY_MS, enabled: true, ...head, name, tags: [] as ImportedTag[] }
    this.#devices.push(device)
    return new DeviceHarvest(this, device, (text, place) => this.#fit(text, 'tag', place))
  }

  /** Devices without a tag are told, not written. */
  done(): Imported {
    for (const { name, place, tags } of this.#devices)
      if (tags.length === 0)
        this.leave(
          place,
          `device "${name}"`,
          'nothing of it could be carried over',
          'Write its tags by hand if it is still needed.',
        )
    return {
      devices: this.#devices.filter(({ tags }) => tags.length > 0),
      leftOut: this.#leftOut,
      changed: this.#changed,
    }
  }

  #fit(text: string, of: 'device' | 'tag', place: string): string {
    if (text.trim() !== '' && nameFault(text, of) === undefined) return text
    const clean = text
      .replace(/\p{Cc}/gu, ' ')
      .replaceAll('/', of === 'device' ? '-' : '/')
      .trim()
      .slice(0, 250)
      .trim()
    const name = clean === '' ? `unnamed-${of}` : clean
    this.change(place, `the name ${JSON.stringify(text.slice(0, 300))} became "${name}"`)
    return name
  }

  #unique(name: string, taken: Set<string>, place: string): string {
    const unique = uniqueName(name, (one) => taken.has(one))
    if (unique !== name) this.change(place, `the name "${name}" is taken: it became "${unique}"`)
    taken.add(unique)
    return unique
  }
}

export class DeviceHarvest {
  readonly name: string
  readonly #harvest: Harvest
  readonly #tags: ImportedTag[]
  readonly #fit: (text: string, place: string) => string
  readonly #byName = new Map<string, ImportedTag>()

  constructor(
    harvest: Harvest,
    device: { readonly name: string; readonly tags: ImportedTag[] },
    fit: (text: string, place: string) => string,
  ) {
    this.name = device.name
    this.#harvest = harvest
    this.#tags = device.tags
    this.#fit = fit
  }

  add(tag: ImportedTag): void {
    const wanted = this.#fit(tag.name, tag.place)
    const first = this.#byName.get(wanted)
    if (first !== undefined && first.address === tag.address && first.type === tag.type && first.scale === tag.scale) {
      const why = `it stands there twice, first at ${first.place}`
      return this.#harvest.leave(tag.place, `tag "${this.name}/${wanted}"`, why, 'Nothing: the first one is here.')
    }
    const name = uniqueName(wanted, (one) => this.#byName.has(one))
    if (name !== wanted)
      this.#harvest.change(tag.place, `"${this.name}/${wanted}" is taken by ${first!.place}: it became "${name}"`)
    const { description } = tag
    const one = { ...tag, name, description: description === undefined ? undefined : oneLine(description).trim() }
    this.#byName.set(name, one)
    this.#tags.push(one)
  }
}

function uniqueName(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name
  for (let n = 2; ; n++) if (!isTaken(`${name}-${n}`)) return `${name}-${n}`
}
