/**
 * A YAML file as plain values that remember where they stand. References to the environment are replaced here, inside
 * scalar values, after the parse. `placeOf` finds the line and column of any path, so that a complaint of a schema about
 * `options.port` can point at the very characters.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml'
import { messageOf } from '../core/errors.ts'
import { aliasTargets } from './aliases.ts'
import { substitute, type Environment } from './environment.ts'
import type { SecretFiles } from './secret-files.ts'
import type { Path, Places } from './places.ts'
import type { Place, ProblemList } from './problem.ts'

/** What a container's entry came from. */
interface Entry {
  readonly key: Node | undefined
  readonly value: Node | undefined
  /** The text came, in whole or in part, from the environment or a secret's file. */
  readonly substituted: boolean
}

interface Container {
  readonly node: Node
  readonly entries: Map<PropertyKey, Entry>
}

export type YamlMapping = Record<string, unknown>

/** What a file gets beside the environment. */
export interface YamlSurroundings {
  readonly secrets?: SecretFiles | undefined
  /** Told once the file is parsed, before references are replaced; `scalar` reads a text by its keys, as it is written. */
  readonly onParsed?: ((scalar: (...keys: string[]) => unknown) => void) | undefined
}

export class YamlSource implements Places {
  readonly file: string
  /** The whole document as plain values. */
  readonly root: unknown
  /** Somewhere stands a `${secret:…}`. */
  holdsSecrets = false
  readonly #env: Environment
  readonly #secrets: SecretFiles | undefined
  readonly #problems: ProblemList
  readonly #lines = new LineCounter()
  readonly #containers = new Map<object, Container>()
  readonly #known = new Map<Node, unknown>()
  readonly #document: Document.Parsed
  readonly #targets: ReadonlyMap<Alias, Node>

  constructor(
    file: string,
    text: string,
    env: Environment,
    problems: ProblemList,
    { secrets, onParsed }: YamlSurroundings = {},
  ) {
    this.file = file
    this.#env = env
    this.#secrets = secrets
    this.#problems = problems
    this.#document = parseDocument(text.replace(/^\uFEFF/, ''), {
      lineCounter: this.#lines,
      merge: true,
      prettyErrors: false,
      uniqueKeys: true,
    })
    this.#reportSyntax(text.replace(/^\uFEFF/, ''))
    const contents = this.#document.contents
    const broken = this.#document.errors.length > 0
    this.#targets = broken ? new Map() : aliasTargets(this.#document)
    if (!broken) onParsed?.((...keys) => (contents === null ? undefined : this.#document.getIn(keys)))
    this.root = contents === null || broken ? undefined : this.#toValue(contents, [])
  }

  /** Where the value at `path` stands; where the path leads nowhere, the innermost container that exists. */
  placeOf(path: Path, of: 'key' | 'value' = 'value'): Place {
    const { container, entry } = this.#find(path)
    const node =
      entry === undefined ? container?.node : of === 'key' ? (entry.key ?? entry.value) : (entry.value ?? entry.key)
    return this.#placeAt(node?.range?.[0] ?? 0)
  }

  /** Where character `column` (from 1) of the scalar at `path` stands. */
  placeWithin(path: Path, column: number): Place {
    const { entry } = this.#find(path)
    const place = this.placeOf(path)
    if (!isScalar(entry?.value) || entry.substituted) return place
    const style = entry.value.type
    if (style === 'PLAIN') return { ...place, column: place.column + column - 1 }
    return style === 'QUOTE_SINGLE' || style === 'QUOTE_DOUBLE' ? { ...place, column: place.column + column } : place
  }

  /** True when the value at `path` came from the environment or a file, so that it must not be shown. */
  isSubstituted(path: Path): boolean {
    return this.#find(path).entry?.substituted ?? false
  }

  /** The value at `path` as a person wrote it, numbers with all their digits. */
  textOf(path: Path): string | undefined {
    const { entry } = this.#find(path)
    if (!isScalar(entry?.value) || entry.substituted) return undefined
    return entry.value.source
  }

  /** A copy of the mapping at `path` with entries replaced: each new key takes over the place of an old one. */
  derive(mapping: YamlMapping, moves: ReadonlyMap<string, { from: string; value: unknown }>): YamlMapping {
    const known = this.#containers.get(mapping)
    const copy: YamlMapping = { ...mapping }
    const entries = new Map(known?.entries)
    for (const [key, { from, value }] of moves) {
      delete copy[from]
      copy[key] = value
      const entry = entries.get(from)
      entries.delete(from)
      if (entry !== undefined) entries.set(key, { ...entry, substituted: true })
    }
    if (known !== undefined) this.#containers.set(copy, { node: known.node, entries })
    return copy
  }

  /** True for a mapping or list that came from this file. */
  knows(container: unknown): boolean {
    return typeof container === 'object' && container !== null && this.#containers.has(container)
  }

  /** The place of a path relative to a mapping or list that came from this file. */
  within(container: unknown, path: Path, of: 'key' | 'value' = 'value'): Place {
    const { container: found, entry } = this.#findFrom(container, path)
    const node =
      entry === undefined ? found?.node : of === 'key' ? (entry.key ?? entry.value) : (entry.value ?? entry.key)
    return this.#placeAt(node?.range?.[0] ?? 0)
  }

  /** As `isSubstituted`, relative to a mapping or list. */
  isSubstitutedWithin(container: unknown, path: Path): boolean {
    return this.#findFrom(container, path).entry?.substituted ?? false
  }

  /** The scalar at a path relative to a mapping or list, as a person wrote it: references to the environment stand there. */
  writtenWithin(container: unknown, path: Path): string | undefined {
    const node = this.#findFrom(container, path).entry?.value
    const target = isAlias(node) ? this.#targets.get(node) : node
    return isScalar(target) ? target.source : undefined
  }

  #find(path: Path): { container: Container | undefined; entry: Entry | undefined } {
    return this.#findFrom(this.root, path)
  }

  #findFrom(start: unknown, path: Path): { container: Container | undefined; entry: Entry | undefined } {
    let value: unknown = start
    let container = typeof start === 'object' && start !== null ? this.#containers.get(start) : undefined
    let entry: Entry | undefined
    for (const step of path) {
      const inner = typeof value === 'object' && value !== null ? this.#containers.get(value) : undefined
      if (inner === undefined) break
      container = inner
      entry = inner.entries.get(step)
      value = (value as Record<PropertyKey, unknown>)[step]
    }
    return { container, entry }
  }

  /** One problem a line: after the first, a YAML parser only stumbles on. */
  #reportSyntax(text: string): void {
    const lines = new Set<number>()
    for (const error of this.#document.errors) {
      const place = this.#placeAt(error.pos[0])
      if (lines.has(place.line)) continue
      lines.add(place.line)
      const reference = /^\{[^}\n]*\}/.exec(text.slice(error.pos[0]))
      if (reference !== null && text[error.pos[0] - 1] === '$') {
        this.#problems.add(place, '', 'not YAML: inside { } and [ ] a reference stands in quotes', `"$${reference[0]}"`)
      } else {
        this.#problems.add(place, '', sentenceOf(error))
      }
    }
  }

  #placeAt(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset)
    return { file: this.file, line: Math.max(1, line), column: Math.max(1, col) }
  }

  #toValue(node: Node, path: Path): unknown {
    if (isAlias(node)) return this.#toAliased(this.#targets.get(node), node, path)
    if (isScalar(node)) return this.#toScalar(node, path).value
    if (this.#known.has(node)) return this.#known.get(node)
    this.#known.set(node, undefined)
    const value = isMap(node) ? this.#toMapping(node, path) : isSeq(node) ? this.#toList(node, path) : undefined
    this.#known.set(node, value)
    return value
  }

  #toAliased(target: Node | undefined, alias: Node, path: Path): unknown {
    if (target !== undefined && !(this.#known.has(target) && this.#known.get(target) === undefined))
      return this.#toValue(target, path)
    const why = target === undefined ? 'this alias has no anchor' : 'this alias refers to what it is a part of'
    this.#problems.add(this.#placeAt(alias.range?.[0] ?? 0), formatPath(path), why)
    return undefined
  }

  #toMapping(map: YAMLMap, path: Path): YamlMapping {
    const result: YamlMapping = {}
    const entries = new Map<PropertyKey, Entry>()
    this.#containers.set(result, { node: map, entries })
    const merges: unknown[] = []
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = isScalar(pair.key) ? String(pair.key.source ?? pair.key.value) : String(pair.key)
      if (key === '<<') merges.push(pair.value === null ? undefined : this.#toValue(pair.value, [...path, key]))
      else this.#setEntry(result, entries, key, pair.key, pair.value, path)
    }
    for (const merged of merges.flat()) this.#merge(result, entries, merged)
    return result
  }

  #merge(result: YamlMapping, entries: Map<PropertyKey, Entry>, merged: unknown): void {
    if (typeof merged !== 'object' || merged === null) return
    for (const [key, entry] of this.#containers.get(merged)?.entries ?? []) {
      if (entries.has(key)) continue
      entries.set(key, entry)
      defineOwn(result, String(key), (merged as YamlMapping)[String(key)])
    }
  }

  #toList(list: YAMLSeq, path: Path): unknown[] {
    const result: unknown[] = []
    const entries = new Map<PropertyKey, Entry>()
    this.#containers.set(result, { node: list, entries })
    for (const [index, item] of (list.items as Node[]).entries()) {
      this.#setEntry(result as unknown as YamlMapping, entries, index, undefined, item, path)
    }
    return result
  }

  #setEntry(
    result: YamlMapping,
    entries: Map<PropertyKey, Entry>,
    key: string | number,
    keyNode: Node | undefined,
    node: Node | null,
    path: Path,
  ): void {
    const target = isAlias(node) ? this.#targets.get(node) : node
    if (isScalar(target)) {
      const { value, substituted } = this.#toScalar(target, [...path, key])
      entries.set(key, { key: keyNode, value: node ?? undefined, substituted })
      defineOwn(result, key, value)
      return
    }
    entries.set(key, { key: keyNode, value: node ?? undefined, substituted: false })
    defineOwn(result, key, node === null ? null : this.#toValue(node, [...path, key]))
  }

  #toScalar(scalar: Scalar, path: Path): { value: unknown; substituted: boolean } {
    if (typeof scalar.value !== 'string') return { value: scalar.value, substituted: false }
    try {
      if (scalar.value.includes('${secret:')) this.holdsSecrets = true
      const { text, substituted } = substitute(scalar.value, this.#env, this.#secrets)
      return { value: text, substituted }
    } catch (error) {
      this.#problems.add(this.#placeAt(scalar.range?.[0] ?? 0), formatPath(path), messageOf(error))
      return { value: UNRESOLVED, substituted: true }
    }
  }
}

function sentenceOf({ code, message }: YAMLError): string {
  if (code === 'MULTIPLE_DOCS') return 'a configuration is one document: nothing stands after a line ---'
  const sentence = /call stack/i.test(message) ? 'nested too deeply' : message.replace(/\s+/g, ' ')
  return `not YAML: ${sentence}`
}

/** Stands for a value whose reference could not be resolved; its problem is already told, further ones are not. */
export const UNRESOLVED = '\u0000unresolved'

/** A value as YAML would read its text: how `port: ${PORT}` becomes a number where the schema wants one. */
export function retype(text: string): unknown {
  if (text === 'true') return true
  if (text === 'false') return false
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text) ? Number(text) : text
}

/** `devices[0].options.port` */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? String(step) : `${text}.${String(step)}`
  }, '')
}

// A key such as `__proto__` must become a plain entry.
function defineOwn(target: YamlMapping, key: string | number, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true })
}
