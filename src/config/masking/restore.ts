/**
 * A masked text that comes back: each `***` becomes again what stands at the same place of the file that runs, by the name of the object and
 * the setting, wherever it moved to. Where nothing is known to stand it is refused with its place, so that no secret becomes three stars; and
 * so it is where it would be shown, because something else stands around it: the password of a URL that is none any more.
 */
import { GatewayError } from '../../core/errors.ts'
import { BLANK } from '../plan/shown-options.ts'
import { isYamlFile, maskText, replaceAll, WHOLE, type Mask, type MaskContext, type MaskedText } from './mask.ts'
import { sitesOf, type Site } from './sites.ts'

/** What is known beside the file that runs. */
export interface RestoreMore {
  /** Secrets by the place of their stars, `conf.d/sinks.yaml:6:65`. */
  readonly given?: Readonly<Record<string, string>> | undefined
  /** Gets the places of secrets that are not known; without it the first one is refused. */
  readonly missing?: string[] | undefined
}

/** Throws INVALID_REQUEST with file, line and column. `original`: what the file holds that runs; undefined: there is none. */
export function restoreText(
  path: string,
  text: string,
  original: string | undefined,
  context: MaskContext,
  more: RestoreMore = {},
): string {
  if (!text.includes(BLANK)) return text
  const masked = maskText(path, original ?? '', context)
  const sites = isYamlFile(path) ? sitesOf(text, context) : undefined
  // What is not YAML is refused by whoever reads it, with the place.
  if (isYamlFile(path) && sites === undefined) return text
  const back = new Restoring(path, text, original ?? '', { ...masked, ...more })
  const masks = sites === undefined ? back.lines(0, text.length) : back.yaml(sites)
  const shown = new Set(shownOnes(path, text, masks, context))
  const hidden = masks.flatMap((mask) => (shown.has(mask) ? back.instead(mask) : [mask]))
  return replaceAll(text, hidden)
}

/** A stretch of stars, and what stands there instead. */
interface Restored extends Mask {
  /** What of it is secret, from and to. */
  readonly hidden: readonly (readonly [number, number])[]
}

/** Those of which something secret would not be masked in the text that they give. */
function shownOnes(path: string, text: string, masks: readonly Restored[], context: MaskContext): Restored[] {
  if (masks.every(({ hidden }) => hidden.length === 0)) return []
  const again = maskText(path, replaceAll(text, masks), context).masks
  let [shift, at] = [0, 0]
  return masks.filter(({ from, to, by, hidden }) => {
    const start = from + shift
    shift += by.length - (to - from)
    return hidden.some(([begin, end]) => {
      while (at < again.length && again[at]!.to < start + end) at++
      return at === again.length || again[at]!.from > start + begin
    })
  })
}

const whole = (from: number, to: number, by: string): Restored => ({ from, to, by, hidden: [[0, by.length]] })

class Restoring {
  readonly #path: string
  readonly #text: string
  readonly #original: string
  readonly #masked: MaskedText & RestoreMore

  constructor(path: string, text: string, original: string, masked: MaskedText & RestoreMore) {
    this.#path = path
    this.#text = text
    this.#original = original
    this.#masked = masked
  }

  yaml(sites: readonly Site[]): Restored[] {
    const known = new Map<string, Site>()
    for (const site of this.#masked.sites ?? []) if (!known.has(site.key)) known.set(site.key, site)
    const back: Restored[] = []
    let at = 0
    for (const site of sites) {
      // Comments stand between the values.
      back.push(...this.lines(at, site.from), ...this.#site(site, known.get(site.key)))
      at = site.to
    }
    return [...back, ...this.lines(at, this.#text.length)]
  }

  /** Of what would be shown: what was given for it, if anything was. */
  instead({ from, to }: Restored): Mask[] {
    const given = this.#given(from)
    const stars = this.#text.slice(from, to)
    if (given === undefined || stars.length > WHOLE.length) return []
    return [{ from, to, by: stars === BLANK ? given : JSON.stringify(given) }]
  }

  #site(site: Site, before: Site | undefined): Restored[] {
    const source = this.#text.slice(site.from, site.to)
    const count = source.split(BLANK).length - 1
    if (count === 0) return []
    const masks = before === undefined ? [] : this.#masked.masks.filter(({ from, to }) => from >= before.from && to <= before.to) // prettier-ignore
    const isWhole = site.node.value === BLANK
    const was = masks[0]
    if (isWhole && was?.by === WHOLE) return [whole(site.from, site.from + source.trimEnd().length, this.#wholeOf(before!))] // prettier-ignore
    if (!isWhole && masks.length === count && was?.by !== WHOLE) return this.#inOrder(site.from, source, masks)
    // The stars were there before, or are only stars.
    const isPlain = before !== undefined && this.#original.slice(before.from, before.to).includes(BLANK)
    if (!site.isSecret && !/:\/\/\S*:\*\*\*@/.test(source) && (masks.length === 0 || isPlain)) return []
    const given = this.#given(site.from)
    if (given === undefined) return []
    const hidden = [] as const
    if (isWhole)
      return [{ from: site.from, to: site.from + source.trimEnd().length, by: JSON.stringify(given), hidden }]
    const at = site.from + source.indexOf(BLANK)
    return [{ from: at, to: at + BLANK.length, by: given, hidden }]
  }

  /** As it is written; a block of lines in one, because it may stand deeper now. */
  #wholeOf({ node, from, to }: Site): string {
    const isBlock = node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED'
    return isBlock ? JSON.stringify(node.value) : this.#original.slice(from, to).trimEnd()
  }

  #inOrder(start: number, source: string, masks: readonly Mask[]): Restored[] {
    let at = 0
    return masks.map(({ from, to }) => {
      const found = source.indexOf(BLANK, at)
      at = found + BLANK.length
      return whole(start + found, start + at, this.#original.slice(from, to))
    })
  }

  /** Lines of CSV files, and comments: those that are as they were shown, where only one line was shown so. */
  lines(from: number, to: number): Restored[] {
    const stretch = this.#text.slice(from, to)
    if (!stretch.includes(BLANK)) return []
    return [...stretch.matchAll(/[^\n]*\*\*\*[^\n]*/g)].flatMap(({ 0: line, index }) => {
      const shown = line.trim()
      const was = this.#shownLines.get(shown)
      const start = from + index + line.indexOf(shown)
      if (was !== undefined && was.length === 1) return [{ from: start, to: start + shown.length, ...was[0]! }]
      // A comment is read by people alone, and stars that were never a mask are stars.
      if (isYamlFile(this.#path) || this.#original.includes(shown)) return []
      this.#given(start)
      return []
    })
  }

  get #shownLines(): ReadonlyMap<string, readonly ShownLine[]> {
    return (this.#linesBefore ??= linesByShown(this.#original, this.#masked.masks, isYamlFile(this.#path)))
  }
  #linesBefore: ReadonlyMap<string, readonly ShownLine[]> | undefined

  /** Undefined: it is noted as missing. Throws where nobody notes that. */
  #given(offset: number): string | undefined {
    const before = this.#text.slice(0, offset).split('\n')
    const place = `${this.#path}:${before.length}:${before.at(-1)!.length + 1}`
    const given = Object.hasOwn(this.#masked.given ?? {}, place) ? this.#masked.given![place] : undefined
    if (given !== undefined) return given
    if (this.#masked.missing !== undefined) return void this.#masked.missing.push(place)
    const detail = `${place}: ${BLANK} stands for a secret that is not shown, and it is not known which: write it anew, or as \${secret:name}`
    throw new GatewayError('INVALID_REQUEST', detail, { details: { errors: [{ detail, pointer: '#/files' }] } })
  }
}

type ShownLine = Pick<Restored, 'by' | 'hidden'>

/** What each line that was shown masked is; of a comment only from its `#` on. Masks of several lines are values of YAML. */
function linesByShown(original: string, masks: readonly Mask[], isYaml: boolean): Map<string, ShownLine[]> {
  const lines = new Map<string, ShownLine[]>()
  for (const { from } of masks) {
    const start = original.lastIndexOf('\n', from - 1) + 1
    const end = (original.indexOf('\n', from) + 1 || original.length + 1) - 1
    const line = original.slice(start, end)
    const within = masks
      .filter((mask) => mask.from >= start && mask.to <= end)
      .map((mask) => ({ ...mask, from: mask.from - start, to: mask.to - start }))
    const cut = (text: string): string => (isYaml ? text.slice(Math.max(0, text.indexOf('#'))) : text).trim()
    const shown = cut(replaceAll(line, within))
    const by = cut(line)
    const begin = line.lastIndexOf(by)
    // What lies before the comment is a value for itself.
    const hidden = within
      .filter((mask) => mask.from >= begin)
      .map((mask) => [mask.from - begin, mask.to - begin] as const)
    const known = lines.get(shown) ?? []
    if (!known.some((one) => one.by === by)) lines.set(shown, [...known, { by, hidden }])
  }
  return lines
}
