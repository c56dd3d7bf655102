/**
 * Which models a device has, and where: `SunS` at one of three base addresses, then for each model its id and length, to the end
 * mark 0xFFFF (SunSpec Device Information Model Specification V1.1, 4.2; addresses counted from 0). The walk is a generator that
 * asks for registers one request at a time: who runs it decides when.
 */
import { HEADER_REGISTERS, layOut, type Place } from './layout.ts'
import { modelOf, type ModelGroup } from './model.ts'

/** Registers that the walk wants to see. */
export interface Wanted {
  readonly address: number
  readonly count: number
  /** No answer is one too: it may be the way in which the device says that nothing is there. */
  readonly maybeSilent?: boolean
}

/** Their bytes; 'refused' when the device has no such registers; 'silent' where that is an answer. */
export type Seen = Uint8Array | 'refused' | 'silent'

/** One model of one device. */
export interface FoundModel {
  readonly id: number
  /** From 1, among those with the same id. */
  readonly instance: number
  /** Where its id stands. */
  readonly address: number
  /** Registers after id and length, as the device says. */
  readonly length: number
  /** Its points; undefined for a model that is not in the library. */
  readonly places: ReadonlyMap<string, Place> | undefined
}

/** What a walk found. */
export interface Directory {
  /** Where the marker stands. */
  readonly base: number
  readonly models: readonly FoundModel[]
  /** Marker and first model (identity and version), to tell after a reconnect whether it is the same device; empty: unknown. */
  readonly identity: Uint8Array
  /** What is unusual, in words. */
  readonly notes: readonly string[]
}

/** V1.1, 4.2.2. */
const STANDARD_BASES: readonly number[] = [40_000, 50_000, 0]
/** Those, then the places beside them, for devices that count from 1 by mistake. */
export const BASES: readonly number[] = [...STANDARD_BASES, 40_001, 39_999, 50_001, 49_999, 1]

const MARKER = 0x5375_6e53
const MARKER_REGISTERS = 2
const END_MARK = 0xffff
/** A chain that is longer is a fault of the device. */
const MOST_MODELS = 200
/** Modbus Application Protocol V1.1b3, 6.3. */
const LONGEST_READ = 125

type Walk<Result> = Generator<Wanted, Result, Seen>

/** Finds the marker and all models; undefined when the device has no marker, 'silent' when it answered at no base at all. */
export function* walk(): Walk<Directory | 'silent' | undefined> {
  const base = yield* findMarker()
  return typeof base === 'number' ? yield* walkChain(base) : base
}

/** Every base once, then those that kept silent once more: a lost packet is silent too. A dead unit is not asked for the unlikely ones again. */
function* findMarker(): Walk<number | 'silent' | undefined> {
  const silent: number[] = []
  for (const base of BASES) {
    const seen = yield markerAt(base)
    if (isMarker(seen)) return base
    if (seen === 'silent') silent.push(base)
  }
  let isMute = silent.length === BASES.length
  for (const base of isMute ? STANDARD_BASES : silent) {
    const seen = yield markerAt(base)
    if (isMarker(seen)) return base
    isMute &&= seen === 'silent'
  }
  return isMute ? 'silent' : undefined
}

const markerAt = (address: number): Wanted => ({ address, count: MARKER_REGISTERS, maybeSilent: true })

const isMarker = (seen: Seen): boolean => typeof seen === 'object' && word32(seen, 0) === MARKER

/** True when the device is still the one that `directory` describes. */
export function* recognise({ base, identity }: Directory): Walk<boolean> {
  if (identity.length === 0) return false
  const seen = yield { address: base, count: identity.length / 2 }
  return typeof seen === 'object' && Buffer.compare(seen, identity) === 0
}

function* walkChain(base: number): Walk<Directory> {
  const models: FoundModel[] = []
  const notes: string[] = []
  let address = base + MARKER_REGISTERS
  while (address + HEADER_REGISTERS <= 0x10000) {
    if (models.length === MOST_MODELS) {
      notes.push(`the list of models goes on at hr:${address}; only the first ${MOST_MODELS} models were looked at`)
      break
    }
    const header = yield { address, count: HEADER_REGISTERS }
    if (typeof header === 'string') {
      notes.push(`the list of models has no end mark: hr:${address} cannot be read`)
      break
    }
    const id = word16(header, 0)
    const length = word16(header, 2)
    if (id === END_MARK) break
    if (id === 0 || address + HEADER_REGISTERS + length > 0x10000) {
      notes.push(`the list of models breaks off at hr:${address}: id ${id}, length ${length}`)
      break
    }
    models.push(yield* describe(id, address, length, models))
    address += HEADER_REGISTERS + length
  }
  return { base, models, notes: [...unknownModels(models), ...notes], identity: yield* readIdentity(base, models) }
}

/** One note for each id that is not in the library. */
function unknownModels(models: readonly FoundModel[]): string[] {
  const unknown = new Map<number, FoundModel[]>()
  for (const model of models) {
    if (model.places !== undefined) continue
    const same = unknown.get(model.id)
    if (same === undefined) unknown.set(model.id, [model])
    else same.push(model)
  }
  return [...unknown].map(([id, [first, ...more]]) => {
    const again = more.length === 0 ? '' : `, and ${more.length} times more to hr:${more.at(-1)!.address},`
    return `model ${id} at hr:${first!.address} (${first!.length} registers)${again} is not in the library`
  })
}

function* describe(id: number, address: number, length: number, before: readonly FoundModel[]): Walk<FoundModel> {
  const instance = before.filter((other) => other.id === id).length + 1
  const model = modelOf(id)
  if (model === undefined) return { id, instance, address, length, places: undefined }
  const counts = yield* readCounts(model, address, length)
  const places = layOut(model, length, (name) => counts.get(name))
  return { id, instance, address, length, places: new Map(places.map((place) => [place.path, place])) }
}

/** The values of the points that count groups. They all stand in the fixed part of the model: one request. */
function* readCounts(model: ModelGroup, address: number, length: number): Walk<ReadonlyMap<string, number>> {
  const wanted = countingPoints(model)
  const counts = new Map<string, number>()
  if (wanted.size === 0) return counts
  const fixed = layOut({ ...model, groups: [] }, length, () => undefined)
  const places = fixed.filter(({ point }) => wanted.has(point.name))
  if (places.length === 0) return counts
  const first = Math.min(...places.map(({ offset }) => offset))
  const last = Math.max(...places.map(({ offset }) => offset))
  const seen = yield { address: address + first, count: Math.min(last - first + 1, LONGEST_READ) }
  if (typeof seen === 'string') return counts
  for (const { point, offset } of places) {
    const at = (offset - first) * 2
    if (at + 1 < seen.length && word16(seen, at) !== 0xffff) counts.set(point.name, word16(seen, at))
  }
  return counts
}

function countingPoints(group: ModelGroup): Set<string> {
  const names = new Set<string>()
  for (const inner of group.groups ?? []) {
    if (typeof inner.count === 'string') names.add(inner.count)
    for (const name of countingPoints(inner)) names.add(name)
  }
  return names
}

/** Marker, header and content of the first model, which is the common one by the book. */
function* readIdentity(base: number, models: readonly FoundModel[]): Walk<Uint8Array> {
  const [first] = models
  if (first === undefined) return new Uint8Array(0)
  const count = Math.min(MARKER_REGISTERS + HEADER_REGISTERS + first.length, LONGEST_READ)
  const seen = yield { address: base, count }
  return typeof seen === 'string' ? new Uint8Array(0) : seen.slice()
}

const word16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

const word32 = (bytes: Uint8Array, at: number): number => ((word16(bytes, at) << 16) | word16(bytes, at + 2)) >>> 0
