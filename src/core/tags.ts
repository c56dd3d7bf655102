/**
 * What is known of tags: the settings that a person writes (`TagSettings`), and the dictionary that maps an integer id to
 * them while the gateway runs (`TagTable`). Ids are handed out by the store, which persists them.
 */
import type { DataType, TagId } from './value.ts'

/** An amount in the tag's unit, or in percent of its engineering range (low…high). */
export type Deadband = { readonly absolute: number } | { readonly percent: number }

/** One tag as configured, defaults filled in. Times in ms; `low`, `high`, limits and deadbands in engineering units. */
export interface TagSettings {
  readonly name: string
  /** As the person wrote it; the driver parses it. */
  readonly address: string
  readonly type: DataType
  /** Byte order, in the driver's words (Modbus: ABCD, CDAB, BADC, DCBA). */
  readonly order?: string | undefined
  /** Length of a string or bytes tag, in characters or bytes. */
  readonly length?: number | undefined
  readonly unit?: string | undefined
  readonly everyMs: number
  readonly low?: number | undefined
  readonly high?: number | undefined
  /** engineering = raw × scale + offset */
  readonly scale?: number | undefined
  readonly offset?: number | undefined
  readonly clamp: boolean
  readonly deadband?: Deadband | undefined
  readonly swingingDoor?: Deadband | undefined
  /** The largest plausible change from one sample to the next. */
  readonly spike?: number | undefined
  readonly staleAfterMs?: number | undefined
  readonly maxSilenceMs?: number | undefined
  readonly writable: boolean
  readonly writeMin?: number | undefined
  readonly writeMax?: number | undefined
  /** The only values that may be written, as they are written down: `0|1|5`. */
  readonly writeValues?: string | undefined
  /** The least pause between two writes. */
  readonly writeEveryMs?: number | undefined
  /** The largest change from the present value. */
  readonly writeStep?: number | undefined
  /** A second person has to approve a write. */
  readonly approval?: boolean | undefined
  /** A write needs a reason. */
  readonly critical?: boolean | undefined
  /** The condition under which it may be written, as `interlock.ts` reads it. */
  readonly interlock?: string | undefined
  /** What its numbers mean, as `symbols.ts` reads it: `1=Off|2=Sleeping`. */
  readonly symbols?: string | undefined
  readonly description?: string | undefined
}

/**
 * The settings with unit and symbols as the address itself says them, where the tag leaves them open. A tag that scales its values
 * has them in a unit of its own.
 */
export function withDefaults(settings: TagSettings, known: Partial<TagSettings> | undefined): TagSettings {
  const { unit = known?.unit, symbols = known?.symbols, scale, offset } = settings
  const isOwn = scale !== undefined || offset !== undefined
  return isOwn || (unit === settings.unit && symbols === settings.symbols) ? settings : { ...settings, unit, symbols }
}

/** A tag of the running gateway. */
export interface TagInfo {
  readonly id: TagId
  readonly device: string
  readonly settings: TagSettings
}

/** A device with more tags than this gets an index of their names, made when one is first looked up. */
const SCANNED_TAGS = 32

interface DeviceTags {
  readonly tags: TagInfo[]
  byName: Map<string, TagInfo> | undefined
}

/**
 * Ids to tags and names to ids. Lookup by id is an array access: it is on the hot path. Lookup by name is not, so that no key
 * is kept a tag: 100,000 tags are many.
 */
export class TagTable {
  readonly #byId: (TagInfo | undefined)[] = []
  readonly #devices = new Map<string, DeviceTags>()
  readonly #former: (id: TagId) => TagInfo | undefined
  #size = 0
  #version = 0
  #all: readonly TagInfo[] = []
  #allVersion = 0

  /** `former` knows the tags that the configuration had once: samples of them may still wait for a sink. */
  constructor(former: (id: TagId) => TagInfo | undefined = () => undefined) {
    this.#former = former
  }

  /** One more than the highest id: the size a column indexed by tag id needs. */
  get capacity(): number {
    return this.#byId.length
  }

  get size(): number {
    return this.#size
  }

  /** Grows whenever a tag comes, or another takes its place. */
  get version(): number {
    return this.#version
  }

  /** Adds a tag; its id and its name within the device are new. */
  add(info: TagInfo): void {
    this.#byId[info.id] = info
    const device = this.#devices.get(info.device)
    if (device === undefined) this.#devices.set(info.device, { tags: [info], byName: undefined })
    else {
      device.tags.push(info)
      device.byName?.set(info.settings.name, info)
    }
    this.#size++
    this.#version++
  }

  /** Adds a tag, or puts it in the place of the one with its name; one that is the same stays the same object. */
  put(info: TagInfo): void {
    const before = this.find(info.device, info.settings.name)
    if (before === undefined) return this.add(info)
    if (before.id === info.id && areSame(before.settings, info.settings)) return
    const device = this.#devices.get(info.device)!
    device.tags[device.tags.indexOf(before)] = info
    device.byName?.set(info.settings.name, info)
    this.#byId[info.id] = info
    this.#version++
  }

  /** The tags of a device from now on; none: it is gone. One that is gone is known as a former one. */
  replace(device: string, tags: readonly TagInfo[]): void {
    const before = this.of(device)
    for (const { id } of before) this.#byId[id] = undefined
    for (const info of tags) this.#byId[info.id] = info
    this.#size += tags.length - before.length
    this.#version++
    if (tags.length === 0) this.#devices.delete(device)
    else this.#devices.set(device, { tags: [...tags], byName: undefined })
  }

  /** The tags of a device, in the order they were added; none where there is no such device. */
  of(device: string): readonly TagInfo[] {
    return this.#devices.get(device)?.tags ?? []
  }

  /** The tag with this id; one that is no longer configured too, with what is still known of it. */
  get(id: TagId): TagInfo | undefined {
    return this.#byId[id] ?? this.#former(id)
  }

  find(device: string, name: string): TagInfo | undefined {
    const found = this.#devices.get(device)
    if (found === undefined) return undefined
    if (found.tags.length <= SCANNED_TAGS) return found.tags.find((info) => info.settings.name === name)
    found.byName ??= new Map(found.tags.map((info) => [info.settings.name, info]))
    return found.byName.get(name)
  }

  /** All tags: device by device, and within each in the order they were added. */
  *values(): IterableIterator<TagInfo> {
    for (const { tags } of this.#devices.values()) yield* tags
  }

  /** The same as one list, made when the first asks for it after a change: pages of 100,000 tags are asked for often. */
  all(): readonly TagInfo[] {
    if (this.#allVersion !== this.#version) {
      this.#all = [...this.values()]
      this.#allVersion = this.#version
    }
    return this.#all
  }
}

/** True when two tags are configured alike. */
export function areSame(a: TagSettings, b: TagSettings): boolean {
  if (a === b) return true
  for (const key in a) if (!isEqual(a[key as keyof TagSettings], b[key as keyof TagSettings])) return false
  for (const key in b) if (b[key as keyof TagSettings] !== undefined && !(key in a)) return false
  return true
}

type Setting = TagSettings[keyof TagSettings]

function isEqual(a: Setting, b: Setting): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object') return false
  return 'absolute' in a ? 'absolute' in b && a.absolute === b.absolute : 'percent' in b && a.percent === b.percent
}
