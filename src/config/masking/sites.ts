/**
 * Every scalar of a YAML text with a key that stays the same while other things move (list entries go by their names), and whether what
 * stands there is a secret: by the schemas of the registries, following aliases and merges, and by the words that secrets are called where no
 * schema says. It goes by the text alone, so that it works where a configuration cannot be loaded.
 */
import { isAlias, isMap, isScalar, isSeq, parseDocument } from 'yaml'
import type { Node, Pair, Scalar, YAMLMap } from 'yaml'
import { z } from 'zod'
import { accessSchema, oidcSchema } from '../access.ts'
import { wholeAlertsSchema } from '../alerts.ts'
import { aliasTargets } from '../aliases.ts'
import type { ConfigSources } from '../config.ts'
import { deviceSchema, fileSchema, sinkSchema } from '../file-schema.ts'
import { isSecret, layersOf, optionOf } from '../option-marks.ts'
import { receiveClientSchema, receiveSchema } from '../receive.ts'

export interface Site {
  /** `["sinks","plant","options","password"]` as JSON; the first of its kind where a key comes twice. */
  readonly key: string
  readonly node: Scalar
  /** Where it stands, style included. */
  readonly from: number
  readonly to: number
  isSecret: boolean
}

/** What is known of a value: its schemas; undefined: none. */
type Known = readonly z.core.$ZodType[] | undefined

interface Place {
  readonly path: readonly string[]
  readonly known: Known
  /** An option that is marked, or called, a secret is around it. */
  readonly isSecret: boolean
  /** The mapping that decides the schema of `options` within it. */
  readonly role: 'root' | 'devices' | 'sinks' | 'templates' | 'entry' | 'access' | 'receive' | 'clients' | undefined
}

/** A net of aliases has no end; a configuration of 100,000 tags has 2,000,000 nodes. */
const MOST_VISITS = 5_000_000

/** Better too much than too little. The path of a secret's file is none. */
export const isSecretWord = (word: string): boolean =>
  /secret|passw|passphrase|token|credential|private|authorization|api[-_]?key|^pw|^pin$/i.test(word) &&
  !/(Files?|Url)$/.test(word)

/** Undefined where the text is not YAML, or too tangled to be sure of anything. */
export function sitesOf(text: string, sources: Pick<ConfigSources, 'drivers' | 'sinks'>): Site[] | undefined {
  const document = parseDocument(text, { merge: true, prettyErrors: false, uniqueKeys: false })
  if (document.errors.length > 0 || document.contents === null) return document.errors.length > 0 ? undefined : []
  return new Walk(sources, aliasTargets(document)).sites(document.contents)
}

class Walk {
  readonly #sources: Pick<ConfigSources, 'drivers' | 'sinks'>
  readonly #targets: ReadonlyMap<unknown, Node>
  readonly #sites = new Map<Scalar, Site>()
  readonly #seen = new Map<Node, Set<unknown>>()
  #visits = 0

  constructor(sources: Pick<ConfigSources, 'drivers' | 'sinks'>, targets: ReadonlyMap<unknown, Node>) {
    this.#sources = sources
    this.#targets = targets
  }

  sites(root: Node): Site[] | undefined {
    this.#visit(root, { path: [], known: [fileSchema], isSecret: false, role: 'root' })
    if (this.#visits > MOST_VISITS) return undefined
    return [...this.#sites.values()].sort((a, b) => a.from - b.from)
  }

  #visit(node: Node | null | undefined, place: Place): void {
    if (node === null || node === undefined || ++this.#visits > MOST_VISITS) return
    if (isAlias(node)) return this.#visit(this.#targets.get(node), place)
    if (isScalar(node)) return this.#scalar(node, place)
    if (this.#isKnown(node, place)) return
    if (isSeq(node))
      for (const [at, item] of (node.items as Node[]).entries())
        this.#visit(item, itemOf(place, nameOf(this.#resolved(item)) ?? String(at)))
    else if (isMap(node)) this.#mapping(node, place)
  }

  #scalar(node: Scalar, { path, isSecret: isWithin, known }: Place): void {
    const isMarked = isWithin || known?.some(isSecret) === true
    const before = this.#sites.get(node)
    if (before !== undefined) before.isSecret ||= isMarked
    else if (node.range)
      this.#sites.set(node, { key: JSON.stringify(path), node, from: node.range[0], to: node.range[1], isSecret: isMarked }) // prettier-ignore
  }

  #mapping(map: YAMLMap, place: Place): void {
    const inner = place.role === 'root' && isEntry(map) ? { ...place, role: 'entry' as const } : place
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const name = isScalar(key) ? String(key.source ?? key.value) : String(key)
      if (name !== '<<') this.#visit(value, this.#childOf(inner, name, map))
      else for (const merged of this.#merged(value)) this.#visit(merged, inner)
    }
  }

  #merged(value: Node | null): Node[] {
    const node = this.#resolved(value)
    return isSeq(node) ? (node.items as Node[]) : node === undefined ? [] : [node]
  }

  #resolved(node: Node | null | undefined): Node | undefined {
    return (isAlias(node) ? this.#targets.get(node) : node) ?? undefined
  }

  #childOf({ path, known, isSecret: isWithin, role }: Place, name: string, map: YAMLMap): Place {
    const here = [...path, name]
    const lists = { devices: 'devices', sinks: 'sinks', templates: 'templates' } as const
    if (role === 'root' && name in lists)
      return { path: here, known: undefined, isSecret: false, role: lists[name as keyof typeof lists] }
    if (role === 'root' && name === 'access') return { path: here, known: [accessSchema], isSecret: false, role: name }
    if (role === 'root' && name === 'receive')
      return { path: here, known: [receiveSchema], isSecret: false, role: name }
    if (role === 'root' && name === 'alerts')
      return { path: here, known: [wholeAlertsSchema], isSecret: false, role: undefined }
    if (role === 'access' && name === 'oidc')
      return { path: here, known: [oidcSchema], isSecret: false, role: undefined }
    if (role === 'receive' && name === 'clients')
      return { path: here, known: undefined, isSecret: false, role: 'clients' }
    const schemas = role === 'entry' && name === 'options' ? this.#optionsOf(map) : stepInto(known, name)
    // Where a schema knows the option it decides; where none does the word decides.
    const isNamed = schemas === undefined && isSecretWord(name)
    return { path: here, known: schemas, isSecret: isWithin || isNamed || schemas?.some(isSecret) === true, role: undefined } // prettier-ignore
  }

  #optionsOf(map: YAMLMap): Known {
    const named = (key: string): unknown => map.get(key)
    const { drivers, sinks } = this.#sources
    const types = [...drivers.filter(({ name }) => name === named('driver')), ...sinks.filter(({ name }) => name === named('sink'))] // prettier-ignore
    return types.length === 0 ? undefined : types.map(({ options }) => options)
  }

  /** Seen in the same light before; an alias makes one node stand in many places. */
  #isKnown(node: Node, { known, isSecret: isWithin, role }: Place): boolean {
    const light = this.#seen.get(node) ?? new Set()
    this.#seen.set(node, light)
    const token = isWithin ? 'secret' : (known?.[0] ?? role ?? 'plain')
    if (light.has(token)) return true
    light.add(token)
    return false
  }
}

function itemOf({ path, known, isSecret: isWithin, role }: Place, name: string): Place {
  const here = [...path, name]
  if (role === 'devices' || role === 'templates')
    return { path: here, known: [deviceSchema], isSecret: isWithin, role: 'entry' }
  if (role === 'sinks') return { path: here, known: [sinkSchema], isSecret: isWithin, role: 'entry' }
  if (role === 'clients') return { path: here, known: [receiveClientSchema], isSecret: isWithin, role: undefined }
  return { path: here, known: elementsOf(known), isSecret: isWithin, role: undefined }
}

/** A template in a file of its own is one mapping. */
const isEntry = (map: YAMLMap): boolean => map.has('options') && (map.has('driver') || map.has('sink'))

function nameOf(node: Node | undefined): string | undefined {
  const name: unknown = isMap(node) ? node.get('name') : undefined
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined
}

/** The schemas of an option; undefined where none of them knows it. */
function stepInto(known: Known, name: string): Known {
  const inner = (known ?? []).flatMap(alternatives).flatMap((schema) => {
    if (schema instanceof z.ZodObject) return optionOf(schema.shape, name) ?? []
    return schema instanceof z.ZodRecord ? [schema.valueType] : []
  })
  return inner.every((schema) => layersOf(schema).at(-1) instanceof z.ZodUnknown) ? undefined : inner
}

function elementsOf(known: Known): Known {
  const inner = (known ?? []).flatMap(alternatives).flatMap((schema) => (schema instanceof z.ZodArray ? [schema.element] : [])) // prettier-ignore
  return inner.length === 0 ? undefined : inner
}

/** A schema without its wrappers; each of its options where it is one of several. */
function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  const inner = layersOf(schema).at(-1)!
  return inner instanceof z.ZodUnion ? inner.options.flatMap((one) => alternatives(one)) : [inner]
}
