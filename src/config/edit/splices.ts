/**
 * From an edit to bytes: which part of the text is replaced by what. Several ways are offered where the text alone does not say which one is
 * right; `editYaml` takes the first one that turns out to do what was wanted.
 */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap, type YAMLSeq } from 'yaml'
import { keyText, type Found } from './locate.ts'
import { blockText, flowText, scalarTexts } from './scalar-text.ts'
import type { Plain, YamlEdit } from './yaml-edit.ts'

/** The characters from `from` to `to` become `text`. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The ways to make an edit, the best one first. */
export function splicesFor(found: Found, edit: YamlEdit): Splice[] {
  if (edit.kind === 'set') {
    if (found.node !== undefined) return replace(found, found.node, edit.value)
    if (found.pair !== undefined) return fill(found, found.pair, edit.value)
    if (isMap(found.parent)) return addEntry(found, found.parent, edit)
  }
  if (edit.kind === 'insert') return insert(found, edit.value, edit.at)
  if (edit.kind === 'rename' && found.pair !== undefined) return rename(found.pair, edit.key)
  return edit.kind === 'delete' ? remove(found) : []
}

const lineEndOf = (text: string): string => (/\r\n/.test(text) ? '\r\n' : '\n')
const start = (node: Node): number => node.range![0]

function replace({ text, pair }: Found, node: Node, value: Plain): Splice[] {
  const [from, to] = node.range!
  if (isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED')) {
    const end = /\r?\n[\s]*$/.exec(text.slice(from, to))?.[0] ?? ''
    return scalarTexts(value, undefined).map((one) => ({ from, to, text: one + end }))
  }
  if (!isScalar(node) && !isAlias(node)) return replaceCollection(text, node, pair, value)
  const texts = scalarTexts(value, node)
  if (from !== to) return texts.map((one) => ({ from, to, text: one }))
  return texts.flatMap((one) => [
    { from, to, text: one },
    { from, to, text: ` ${one}` },
  ])
}

/** A list or mapping as a whole, such as `options`: in flow where it was so, else in a block of the same indentation. */
function replaceCollection(text: string, node: Node, pair: Found['pair'], value: Plain): Splice[] {
  const [from] = node.range!
  const to = endOf(node)
  if ((node as YAMLMap).flow === true) return [{ from, to, text: flowText(value) }]
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    const at = pair === undefined ? from : afterColon(text, pair)
    return scalarTexts(value, undefined).map((one) => ({ from: at, to, text: ` ${one}` }))
  }
  const indentation = ' '.repeat(from - lineStart(text, from))
  return [{ from, to, text: blockText(value, indentation, lineEndOf(text)) }]
}

/** `key:` without a value gets one. */
function fill({ text }: Found, pair: Pair<Node, Node | null>, value: Plain): Splice[] {
  const at = pair.key.range![1]
  return scalarTexts(value, undefined).flatMap((one) => [
    { from: afterColon(text, pair), to: afterColon(text, pair), text: ` ${one}` },
    { from: at, to: at, text: `: ${one}` },
  ])
}

function addEntry(
  found: Found,
  map: YAMLMap<Node, Node | null>,
  edit: { path: readonly PropertyKey[]; value: Plain; after?: string | null | undefined },
): Splice[] {
  const key = flowText(String(edit.path.at(-1)))
  const { text } = found
  if (map.flow === true) return addToFlow(text, map, `${key}: ${flowText(edit.value)}`, undefined)
  const lineEnd = lineEndOf(text)
  const first = map.items[0]?.key
  if (first === undefined || first === null) return []
  const column = start(first) - lineStart(text, start(first))
  const indentation = ' '.repeat(column)
  const lines = entryTexts(key, edit.value, indentation, lineEnd).map((entry) => `${indentation}${entry}`)
  if (edit.after === null) {
    const from = lineStart(text, start(first))
    return lines.map((line) => ({ from, to: from, text: `${line}${lineEnd}` }))
  }
  const before = map.items.find((pair) => edit.after !== undefined && keyText(pair.key) === edit.after)
  const end = before === undefined ? endOf(map) : endOfPair(before)
  return lines.flatMap((line) => addLine(text, end, line))
}

function entryTexts(key: string, value: Plain, indentation: string, lineEnd: string): string[] {
  if (typeof value !== 'object' || value === null) return scalarTexts(value, undefined).map((one) => `${key}: ${one}`)
  if (Object.keys(value).length === 0) return [`${key}: ${flowText(value)}`]
  const inner = `${indentation}  `
  return [`${key}:${lineEnd}${inner}${blockText(value, inner, lineEnd)}`]
}

/** A line of its own behind the line in which `end` lies. */
function addLine(text: string, end: number, line: string): Splice[] {
  const lineEnd = lineEndOf(text)
  const at = lineAfter(text, end)
  const needsBreak = at === text.length && !text.endsWith('\n')
  return [{ from: at, to: at, text: needsBreak ? `${lineEnd}${line}` : `${line}${lineEnd}` }]
}

function insert(found: Found, value: Plain, at: number | undefined): Splice[] {
  const { text, node, pair, parent } = found
  if (isSeq(node)) return insertInto(text, node as YAMLSeq<Node>, pair, value, at)
  const lineEnd = lineEndOf(text)
  if (pair !== undefined) {
    const key = pair.key
    const column = start(key) - lineStart(text, start(key))
    const indentation = ' '.repeat(column + 2)
    const from = afterColon(text, pair)
    const block = `${lineEnd}${indentation}- ${blockText(value, `${indentation}  `, lineEnd)}`
    const to = node === undefined ? from : Math.max(from, node.range![1])
    return [
      { from, to, text: block },
      { from, to, text: ` [${flowText(value)}]` },
    ]
  }
  if (isMap(parent)) return addEntry(found, parent, { path: [found.step!], value: [value] })
  return []
}

function insertInto(
  text: string,
  list: YAMLSeq<Node>,
  pair: Found['pair'],
  value: Plain,
  at: number | undefined,
): Splice[] {
  if (list.flow === true) return addToFlow(text, list, flowText(value), at, pair)
  const { items } = list
  const dash = dashBefore(text, items[0]!)
  const indentation = ' '.repeat(dash - lineStart(text, dash))
  const lineEnd = lineEndOf(text)
  const isFlow = (items.at(-1) as YAMLMap).flow === true
  const line = `${indentation}- ${isFlow ? flowText(value) : blockText(value, `${indentation}  `, lineEnd)}`
  if (at === undefined || at >= items.length) return addLine(text, endOf(list), line)
  const before = lineStart(text, dashBefore(text, items[at]!))
  return [{ from: before, to: before, text: `${line}${lineEnd}` }]
}

function addToFlow(
  text: string,
  node: YAMLMap | YAMLSeq,
  item: string,
  at: number | undefined,
  pair?: Found['pair'],
): Splice[] {
  const [from, to] = node.range!
  const items = isMap(node) ? node.items.map(({ key }) => key as Node) : (node.items as Node[])
  if (items.length === 0) {
    const whole = isMap(node) ? `{ ${item} }` : `[${item}]`
    return [...blockForEmpty(text, node, pair, item), { from, to, text: whole }]
  }
  if (at !== undefined && at < items.length)
    return [{ from: start(items[at]!), to: start(items[at]!), text: `${item}, ` }]
  const last = isMap(node) ? endOfPair(node.items.at(-1)! as Pair<Node, Node | null>) : endOf(items.at(-1)!)
  const comma = /^\s*,/.exec(text.slice(last, to))
  if (comma === null) return [{ from: last, to: last, text: `, ${item}` }]
  const after = last + comma[0].length
  return [{ from: after, to: after, text: ` ${item}` }]
}

/** `devices: []` at the left margin becomes a list in lines. */
function blockForEmpty(text: string, node: Node, pair: Found['pair'], item: string): Splice[] {
  const key = pair?.key
  if (!isSeq(node) || key === undefined || start(key) !== lineStart(text, start(key))) return []
  return [{ from: afterColon(text, pair!), to: node.range![1], text: `${lineEndOf(text)}  - ${item}` }]
}

function rename(pair: Pair<Node, Node | null>, key: string): Splice[] {
  const [from, to] = pair.key.range!
  return scalarTexts(key, pair.key).map((text) => ({ from, to, text }))
}

function remove({ text, parent, pair, holder, node, step }: Found): Splice[] {
  if (parent === undefined) return []
  const isList = isSeq(parent)
  const items = isList ? parent.items : parent.items.map(({ key }) => key)
  const index = isList ? Number(step) : parent.items.indexOf(pair!)
  const item = items[index]!
  const end = pair === undefined ? endOf(node ?? item) : endOfPair(pair)
  if (parent.flow === true) return removeFromFlow(text, items, index, end)
  if (items.length === 1) return emptied(text, parent, holder)
  const from = isList ? dashBefore(text, item) : start(item)
  const isOwnLine = text.slice(lineStart(text, from), from).trim() === ''
  const whole = { from: lineStart(text, from), to: lineAfter(text, end), text: '' }
  if (isOwnLine) return [whole]
  // The first of a mapping within a list shares its line with the dash.
  const next = items[index + 1]
  return next === undefined ? [] : [{ from, to: isList ? dashBefore(text, next) : start(next), text: '' }]
}

/** The last item goes: an empty list or mapping stays, with the comments that stood before it. */
function emptied(text: string, parent: NonNullable<Found['parent']>, holder: Found['holder']): Splice[] {
  const from = isSeq(parent) ? dashBefore(text, parent.items[0] as Node) : start(parent)
  const empty = isSeq(parent) ? '[]' : '{}'
  const to = endOf(parent)
  const before = /[ \t\r\n]*$/.exec(text.slice(0, from))![0]
  const close = { from: from - before.length, to, text: ` ${empty}` }
  if (holder === undefined) return [close]
  const colon = afterColon(text, holder)
  const between = text.slice(colon, lineStart(text, from))
  const isOwnLine = text.slice(lineStart(text, from), from).trim() === ''
  const whole = { from: colon, to: lineAfter(text, to), text: ` ${empty}${between}` }
  return isOwnLine ? [whole, close] : [close]
}

function removeFromFlow(text: string, items: readonly Node[], index: number, end: number): Splice[] {
  const from = start(items[index]!)
  const next = items[index + 1]
  if (next !== undefined) return [{ from, to: start(next), text: '' }]
  const before = /\s*,?\s*$/.exec(text.slice(0, from))![0]
  return [
    { from: from - before.length, to: end, text: '' },
    { from, to: end, text: '' },
  ]
}

/** Behind the last character of a node; comments and line ends are not part of it. */
function endOf(node: Node): number {
  if ((isMap(node) || isSeq(node)) && node.flow !== true) {
    const last = node.items.at(-1)
    if (last === undefined) return node.range![1]
    return isMap(node) ? endOfPair(last as Pair<Node, Node | null>) : endOf(last as Node)
  }
  return node.range![1]
}

const endOfPair = (pair: Pair<Node, Node | null>): number =>
  pair.value === null ? pair.key.range![1] : Math.max(endOf(pair.value), pair.key.range![1])

function afterColon(text: string, pair: Pair<Node, Node | null>): number {
  const end = pair.key.range![1]
  return end + (/^\s*:/.exec(text.slice(end, end + 1000))?.[0].length ?? 0)
}

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1

/** The start of the line after the one in which `end` lies; `end` itself where that is a start already. */
function lineAfter(text: string, end: number): number {
  if (end > 0 && text[end - 1] === '\n') return end
  const lineBreak = text.indexOf('\n', end)
  return lineBreak < 0 ? text.length : lineBreak + 1
}

/** The dash of an item of a list in lines; anchors and tags stand between them. */
function dashBefore(text: string, item: Node): number {
  const before = /-(?:[ \t]|[&!]\S*|\r?\n|#[^\n]*\n)*$/.exec(text.slice(Math.max(0, start(item) - 2000), start(item)))
  return before === null ? start(item) : start(item) - before[0].length
}
