/**
 * A file of the configuration as people may see it: `***` in place of what is secret, everything else byte for byte. Masked are values of
 * secret options, passwords in URLs, secrets of the running configuration wherever they stand, secret-looking settings in comments, and
 * columns of CSV files that are called like secrets. References (`${NAME}`, `${secret:name}`) stay: they are no secret.
 */
import { Lexer } from 'yaml'
import { parseCsv } from '../../core/csv.ts'
import type { ConfigSources } from '../config.ts'
import { BLANK } from '../plan/shown-options.ts'
import { isSecretWord, sitesOf, type Site } from './sites.ts'

/** A stretch of a text that is not shown, and what stands there instead. */
export interface Mask {
  readonly from: number
  readonly to: number
  readonly by: string
}

export interface MaskedText {
  readonly text: string
  readonly masks: readonly Mask[]
  /** Of a YAML file; undefined for any other, and where it is not YAML. */
  readonly sites: readonly Site[] | undefined
}

export interface MaskContext extends Pick<ConfigSources, 'drivers' | 'sinks'> {
  /** Texts that are secret wherever they stand. */
  readonly secrets: readonly string[]
}

/** YAML has words for a scalar alone; `***` would be an alias. */
export const WHOLE = `"${BLANK}"`

/** Shorter ones stand in too many words by chance; at their own place they are masked all the same. */
const LEAST_SECRET = 4
const REFERENCES = /^(\$\{[A-Za-z_]\w*(:\?[^}]*)?\}|\$\{secret:[^}]*\})+$/
/** As `hideUrlPasswords`, with the password alone. */
const URL_PASSWORD = /(?<=[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)[^\s"']+(?=@)/gi
const SETTING = /([A-Za-z][\w.-]*)["']?\s*[:=]\s*(\S.*?)\s*$/

export const isYamlFile = (path: string): boolean => /\.ya?ml$/i.test(path)

export function maskText(path: string, text: string, context: MaskContext): MaskedText {
  const body = text.startsWith('\uFEFF') ? ` ${text.slice(1)}` : text
  const sites = isYamlFile(path) ? sitesOf(body, context) : undefined
  const own = sites !== undefined ? [...siteMasks(body, sites), ...commentMasks(body)] : isYamlFile(path) ? lineMasks(body) : columnMasks(body) // prettier-ignore
  const masks = withoutOverlap([...own, ...urlMasks(body), ...secretMasks(body, context.secrets)])
  return { text: replaceAll(text, masks), masks, sites }
}

/** The text with each stretch replaced. */
export function replaceAll(text: string, masks: readonly Mask[]): string {
  let at = 0
  let result = ''
  for (const { from, to, by } of masks) {
    result += text.slice(at, from) + by
    at = to
  }
  return result + text.slice(at)
}

function siteMasks(text: string, sites: readonly Site[]): Mask[] {
  return sites.flatMap(({ node, from, to, isSecret }) => {
    const { value } = node
    const isNothing = value === null || value === '' || typeof value === 'boolean'
    if (!isSecret || isNothing || (typeof value === 'string' && REFERENCES.test(value))) return []
    // The line break at the end of a block scalar ends the entry.
    const end = text.slice(from, to).trimEnd().length + from
    return [{ from, to: end, by: WHOLE }]
  })
}

/** Settings that somebody has commented out. */
function commentMasks(text: string): Mask[] {
  const masks: Mask[] = []
  let at = 0
  let isScalar = false
  for (const token of new Lexer().lex(text)) {
    const isMark = token === '\u0002' || token === '\u0018' || token === '\u001F'
    if (!isMark && !isScalar && token.startsWith('#')) masks.push(...settingMask(token, at))
    isScalar = token === '\u001F'
    if (!isMark) at += token.length
  }
  return masks
}

function settingMask(line: string, at: number): Mask[] {
  // `# - { name: a, password: x }`: the last one that fits is found from the left.
  for (const match of line.matchAll(/[A-Za-z][\w.-]*(?=["']?\s*[:=]\s*\S)/g)) {
    const found = SETTING.exec(line.slice(match.index))
    if (found === null || !isSecretWord(found[1]!) || REFERENCES.test(found[2]!)) continue
    const from = at + match.index + found[0].indexOf(found[2]!, found[1]!.length)
    return [{ from, to: from + found[2]!.length, by: BLANK }]
  }
  return []
}

/** Of a text that is not YAML any more: each line for itself, what stands deeper below a secret with it, and better too much. */
function lineMasks(text: string): Mask[] {
  let at = 0
  let below: number | undefined
  return text.split('\n').flatMap((line) => {
    const start = at
    at += line.length + 1
    const indent = line.search(/\S/)
    if (below !== undefined && indent > below) return [{ from: start + indent, to: start + line.trimEnd().length, by: BLANK }] // prettier-ignore
    if (indent >= 0) below = undefined
    const key = /([A-Za-z][\w.-]*)["']?\s*:\s*(?:[|>&!].*)?$/.exec(line.trimEnd())?.[1]
    if (key !== undefined && isSecretWord(key)) below = indent
    return settingMask(line, start)
  })
}

function columnMasks(text: string): Mask[] {
  const [header, ...records] = parseCsv(text).records
  const columns = (header?.cells ?? []).flatMap((name, column) => (isSecretWord(name) ? [column] : []))
  if (columns.length === 0) return []
  let at = 0
  return records.flatMap((record) => {
    const start = text.indexOf(record.text, at)
    at = start + record.text.length
    return columns.flatMap((column) => {
      const range = record.rangeOf(column)
      const isPlain = range === undefined || record.cells[column] === '' || REFERENCES.test(record.cells[column]!)
      return isPlain ? [] : [{ from: start + range[0], to: start + range[1], by: BLANK }]
    })
  })
}

const urlMasks = (text: string): Mask[] =>
  text.includes('://')
    ? [...text.matchAll(URL_PASSWORD)].flatMap(({ 0: password, index }) =>
        REFERENCES.test(password) ? [] : [{ from: index, to: index + password.length, by: BLANK }],
      )
    : []

function secretMasks(text: string, secrets: readonly string[]): Mask[] {
  const masks: Mask[] = []
  for (const secret of new Set(secrets)) {
    if (secret.length < LEAST_SECRET) continue
    for (let from = text.indexOf(secret); from >= 0; from = text.indexOf(secret, from + secret.length)) {
      const to = from + secret.length
      const isPart = isWordCharacter(text[from - 1]) || isWordCharacter(text[to])
      if (!isPart) masks.push({ from, to, by: BLANK })
    }
  }
  return masks
}

const isWordCharacter = (character: string | undefined): boolean => character !== undefined && /\w/.test(character)

/** In the order of the text; what lies within another one goes, and what crosses another one is a part of it. */
function withoutOverlap(masks: readonly Mask[]): Mask[] {
  const sorted = masks.toSorted((a, b) => a.from - b.from || b.to - a.to)
  const kept: Mask[] = []
  for (const mask of sorted) {
    const last = kept.at(-1)
    if (last === undefined || mask.from >= last.to) kept.push(mask)
    else if (mask.to > last.to) kept[kept.length - 1] = { ...last, to: mask.to }
  }
  return kept
}
