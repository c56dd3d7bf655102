/**
 * Names of tags made from the names of nodes. A name depends on the node, its place and the rules alone: not on the order in which
 * a server names its nodes, nor on what else is chosen, unless two nodes would have the same name.
 */
import { createHash } from 'node:crypto'
import type { BrowsedNode } from '../browsed.ts'

export interface NamingRules {
  /** The way from the start to the node, or its own name alone. */
  readonly naming: 'path' | 'leaf'
  readonly names: 'browse' | 'display'
  readonly separator: string
  readonly prefix: string
  /** Cut off the beginning of a name. */
  readonly strip: string
}

/** The longest name that a tag may have. */
const MOST_CHARACTERS = 256
const SUFFIX_DIGITS = [4, 8, 16] as const

/** The parts of a node's name, the start not included. `byIndex`: all nodes of the walk. */
export function partsOf(
  node: BrowsedNode,
  byIndex: ReadonlyMap<number, BrowsedNode>,
  { naming, names }: NamingRules,
): string[] {
  const parts: string[] = []
  let at: BrowsedNode | undefined = node
  while (at !== undefined) {
    parts.unshift(clean(names === 'browse' ? at.browseName : at.displayName))
    at = naming === 'leaf' || at.parent === null || at.parent === 0 ? undefined : byIndex.get(at.parent)
  }
  return parts
}

/** One name, `member` being `[3]` or `speed`. */
export function nameOf(parts: readonly string[], member: string, { separator, prefix, strip }: NamingRules): string {
  const own = parts.join(separator)
  const rest = strip !== '' && own.startsWith(strip) && own.length > strip.length ? own.slice(strip.length) : own
  const joint = member === '' || member.startsWith('[') ? '' : '.'
  return clean(`${prefix}${rest}${joint}${member}`)
}

/**
 * The names, each of them once: those that come twice, or are too long, get a part of the hash of their address. `clashes`: how many
 * would have been the same.
 */
export function distinct(entries: readonly { readonly name: string; readonly address: string }[]): {
  readonly names: readonly string[]
  readonly clashes: number
} {
  let names = entries.map(({ name }) => (name.length > MOST_CHARACTERS ? '' : name))
  let clashes = 0
  for (const digits of SUFFIX_DIGITS) {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
    const isClear = (name: string) => name !== '' && counts.get(name) === 1
    if (digits === SUFFIX_DIGITS[0]) clashes = names.filter((name) => !isClear(name)).length
    names = names.map((name, at) => (isClear(name) ? name : suffixed(entries[at]!, digits)))
  }
  return { names, clashes }
}

function suffixed({ name, address }: { readonly name: string; readonly address: string }, digits: number): string {
  const hash = createHash('sha256').update(address).digest('hex').slice(0, digits)
  return `${name.slice(0, MOST_CHARACTERS - digits - 1).trimEnd()}~${hash}`
}

const clean = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim()
