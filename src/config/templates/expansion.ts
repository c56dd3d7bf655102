/**
 * The settings of one device made from a template: a copy of the template's `options` and `every` with the parameters filled
 * in, and what the device itself says laid over them, key by key. Every value remembers the place it came from, so that a
 * complaint of the driver's schema names the line of the cause. Substitution happens inside scalar values only.
 */
import type { Path, Places } from '../places.ts'
import type { Place } from '../problem.ts'
import { formatPath, type YamlMapping, type YamlSource } from '../yaml-source.ts'
import type { Arguments } from './arguments.ts'
import { viaInstance, viaTemplate, type Given, type Instance } from './instance.ts'
import { fillIn, parametersIn, wholeParameter } from './reference.ts'
import type { Template } from './template.ts'

/** Where one entry of a mapping or list came from. */
interface Origin {
  readonly key: () => Place
  readonly value: () => Place
  readonly substituted: boolean
  readonly written: string | undefined
}

interface Container {
  readonly place: () => Place
  readonly origins: Map<PropertyKey, Origin>
}

export class Expansion implements Places {
  /** `every`, `enabled` and `options`, as far as they are given. */
  readonly root: YamlMapping
  readonly #containers = new Map<object, Container>()
  /** What was copied already: an alias shares its copy, however often it stands there. */
  readonly #copies = new Map<object, object>()
  readonly #template: Template
  readonly #arguments: Arguments
  readonly #instance: Instance

  constructor(template: Template, given: Arguments, instance: Instance) {
    this.#template = template
    this.#arguments = given
    this.#instance = instance
    const { options, every } = template.mapping
    const said: YamlMapping = { ...(every === undefined ? {} : { every }), options: options ?? {} }
    this.root = this.#fill(said, template.path) as YamlMapping
  }

  /** Lays over what the device's `entry` in the file says: mappings key by key, everything else as a whole; null takes a key out. */
  overlay(said: YamlMapping, entry: YamlMapping, source: YamlSource): void {
    this.#overlay(this.root, said, entry, source, [])
  }

  /** Lays over what a row of instances says. */
  overlayRow(row: ReadonlyMap<string, Given>): void {
    for (const [key, given] of row) {
      this.root[key] = given.value
      this.#originsOf(this.root).set(key, {
        key: given.keyPlace,
        value: given.place,
        substituted: given.substituted,
        written: given.written,
      })
    }
  }

  /** Some entries of `root` as a mapping of their own, which keeps their places. */
  pick(entries: YamlMapping): YamlMapping {
    const origins = new Map([...this.#originsOf(this.root)].filter(([key]) => Object.hasOwn(entries, key)))
    this.#containers.set(entries, { place: this.#instance.place, origins })
    return entries
  }

  placeOf(path: Path, of: 'key' | 'value' = 'value'): Place {
    return this.within(this.root, path.slice(this.#instance.path.length), of)
  }

  knows(container: unknown): boolean {
    return typeof container === 'object' && container !== null && this.#containers.has(container)
  }

  within(container: unknown, path: Path, of: 'key' | 'value' = 'value'): Place {
    const { found, origin } = this.#find(container, path)
    if (origin === undefined) return found?.place() ?? this.#instance.place()
    return of === 'key' ? origin.key() : origin.value()
  }

  isSubstitutedWithin(container: unknown, path: Path): boolean {
    return this.#find(container, path).origin?.substituted ?? false
  }

  writtenWithin(container: unknown, path: Path): string | undefined {
    return this.#find(container, path).origin?.written
  }

  derive(mapping: YamlMapping, moves: ReadonlyMap<string, { from: string; value: unknown }>): YamlMapping {
    const copy: YamlMapping = { ...mapping }
    const known = this.#containers.get(mapping)
    const origins = new Map(known?.origins)
    for (const [key, { from, value }] of moves) {
      delete copy[from]
      copy[key] = value
      const origin = origins.get(from)
      origins.delete(from)
      if (origin !== undefined) origins.set(key, { ...origin, substituted: true })
    }
    this.#containers.set(copy, { place: known?.place ?? this.#instance.place, origins })
    return copy
  }

  #find(start: unknown, path: Path): { found: Container | undefined; origin: Origin | undefined } {
    let value = start
    let found: Container | undefined
    let origin: Origin | undefined
    for (const step of path.length === 0 ? [undefined] : path) {
      const inner = typeof value === 'object' && value !== null ? this.#containers.get(value) : undefined
      if (inner === undefined) break
      found = inner
      origin = step === undefined ? undefined : inner.origins.get(step)
      value = step === undefined ? undefined : (value as Record<PropertyKey, unknown>)[step]
    }
    return { found, origin }
  }

  /** A copy with the parameters filled in. What refers to a parameter that was not given is left out. */
  #fill(value: object, path: Path): object {
    const { source } = this.#template
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    const isList = Array.isArray(value)
    const copy: YamlMapping | unknown[] = isList ? [] : {}
    this.#copies.set(value, copy)
    const place = () => ({ ...this.#instance.place(), via: this.#viaTemplate(path) })
    const origins = new Map<PropertyKey, Origin>()
    this.#containers.set(copy, { place, origins })
    for (const [key, inner] of Object.entries(value)) {
      const at = [...path, isList ? Number(key) : key]
      const filled = this.#fillEntry(inner, at)
      const to = isList ? (copy as unknown[]).length : key
      const common = (of: 'key' | 'value') => () => ({ ...source.placeOf(at, of), via: viaInstance(this.#instance) })
      origins.set(to, filled.origin ?? { key: common('key'), value: common('value'), ...this.#writtenAt(at) })
      if (filled.value !== undefined) setOwn(copy, to, filled.value)
    }
    return copy
  }

  #fillEntry(inner: unknown, at: Path): { value: unknown; origin?: Origin } {
    if (typeof inner === 'object' && inner !== null) {
      if (at.length <= this.#template.path.length + 1) return { value: this.#fill(inner, at) }
      return this.#fillMapping(inner, at)
    }
    const names = typeof inner === 'string' ? parametersIn(inner) : []
    if (names.length === 0) return { value: inner }
    const given = names.map((name) => this.#arguments.get(name))
    const first = given.find((argument) => argument !== undefined)
    const reference = () => this.#template.source.placeOf(at)
    if (given.includes(undefined)) return { value: undefined, origin: this.#missing(at) }
    const place = () => first!.placeFor(this.#what(at), reference())
    const substituted = given.some((argument) => argument!.substituted)
    const whole = wholeParameter(inner as string)
    return {
      value: whole === undefined ? fillIn(inner as string, (name) => this.#arguments.get(name)!.text) : first!.value,
      origin: {
        key: place,
        value: place,
        substituted,
        written: substituted ? this.#written(inner as string) : undefined,
      },
    }
  }

  /**
   * A mapping or list within the options. One that waits for a parameter which was not given, and holds nothing else that was
   * given, is left out; whether it is there or not, the device is to blame.
   */
  #fillMapping(inner: object, at: Path): { value: unknown; origin?: Origin } {
    const named = Object.values(inner).flatMap((value) => (typeof value === 'string' ? parametersIn(value) : []))
    const given = named.map((name) => this.#arguments.get(name)).find((argument) => argument?.given === true)
    if (given !== undefined) {
      const place = () => given.placeFor(this.#what(at), this.#template.source.placeOf(at))
      const origin = { key: place, value: place, substituted: false, written: undefined }
      return { value: this.#fill(inner, at), origin }
    }
    if (named.every((name) => this.#arguments.has(name))) return { value: this.#fill(inner, at) }
    return { value: undefined, origin: this.#missing(at) }
  }

  /** What refers to a parameter that was not given is missing where the device stands. */
  #missing(at: Path): Origin {
    const place = () => ({ ...this.#instance.place(), via: this.#viaTemplate(at) })
    return { key: place, value: place, substituted: false, written: undefined }
  }

  /** The text with references to the environment left standing, and dollar signs of its own doubled. */
  #written(text: string): string {
    const escape = (part: string) => part.replaceAll('$', '$$$$')
    return fillIn(text, (name) => this.#arguments.get(name)!.written ?? escape(this.#arguments.get(name)!.text), escape)
  }

  #writtenAt(at: Path): Pick<Origin, 'substituted' | 'written'> {
    const { source } = this.#template
    const substituted = source.isSubstituted(at)
    return { substituted, written: substituted ? source.writtenWithin(source.root, at) : undefined }
  }

  #overlay(target: YamlMapping, said: YamlMapping, root: YamlMapping, source: YamlSource, path: Path): void {
    const origins = this.#originsOf(target)
    for (const [key, value] of Object.entries(said)) {
      const at = [...path, key]
      if (isMapping(value) && isMapping(target[key])) {
        const own = this.derive(target[key], new Map()) // others may share it by an alias
        this.#overlay(own, value, root, source, at)
        target[key] = own
        continue
      }
      origins.delete(key)
      delete target[key]
      if (value === null) continue
      setOwn(target, key, this.#copy(value, root, source, at))
      origins.set(key, originIn(source, root, at))
    }
  }

  /** A copy of what stands in the file, so that the check may change its types. */
  #copy(value: unknown, root: YamlMapping, source: YamlSource, path: Path): unknown {
    if (typeof value !== 'object' || value === null) return value
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    const isList = Array.isArray(value)
    const copy: YamlMapping | unknown[] = isList ? [] : {}
    this.#copies.set(value, copy)
    const origins = new Map<PropertyKey, Origin>()
    this.#containers.set(copy, { place: () => source.within(root, path), origins })
    for (const [key, inner] of Object.entries(value)) {
      const step = isList ? Number(key) : key
      setOwn(copy, step, this.#copy(inner, root, source, [...path, step]))
      origins.set(step, originIn(source, root, [...path, step]))
    }
    return copy
  }

  #originsOf(container: object): Map<PropertyKey, Origin> {
    return this.#containers.get(container)!.origins
  }

  #viaTemplate(at: Path) {
    return viaTemplate(this.#what(at), this.#template, this.#template.source.placeOf(at))
  }

  #what(at: Path): string {
    return formatPath(at.slice(this.#template.path.length))
  }
}

function originIn(source: YamlSource, root: YamlMapping, path: Path): Origin {
  const substituted = source.isSubstitutedWithin(root, path)
  return {
    key: () => source.within(root, path, 'key'),
    value: () => source.within(root, path),
    substituted,
    written: substituted ? source.writtenWithin(root, path) : undefined,
  }
}

// A key such as `__proto__` must become a plain entry.
function setOwn(target: YamlMapping | unknown[], key: string | number, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}

const isMapping = (value: unknown): value is YamlMapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
