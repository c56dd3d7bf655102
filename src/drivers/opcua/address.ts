/**
 * What a tag of an OPC UA server is:
 *
 *     address = ["poll "] node [" :: " member]        a value, or a member of an array or structure
 *             | "events " node [" :: " filter]        events of a notifier, as JSON
 *             | "call " node " / " node               a method of an object; a write calls it
 *     node    = ("nsu=" uri | "ns=" index) ";" id | id        (OPC 10000-6, 5.3.1.10)
 *     id      = "i=" number | "s=" text | "g=" guid | "b=" base64
 *             | "/" [index ":" | "{" uri "}"] name {"/" …}    a browse path below the Objects folder
 *     member  = {"[" number {"," number} "]" | ["."] field}
 *
 * A name of a browse path without a namespace has that of the name before it. `&` before a character of a name takes it as it is.
 * The last ` :: ` parts node and member: an id that holds one itself is followed by another, `ns=2;s=A :: B ::`. In a URI `%3B` is a
 * semicolon and `%25` a percent sign (OPC 10000-6, 5.1.12). Blanks around an address do not count, those before a ` :: ` do.
 */
import { GatewayError } from '../../core/errors.ts'
import { parseFilter, type EventFilterText } from './event-filter.ts'

/** A step into a value: an index per dimension, or the name of a field. */
export type MemberStep = readonly number[] | string

export interface BrowseName {
  /** Namespace by index or by URI. */
  readonly namespace: number | string
  readonly name: string
}

export type NodeRef =
  | {
      readonly kind: 'id'
      /** Namespace by index or, better, by URI: indexes may change from one start of the server to the next. */
      readonly namespace: number | string
      readonly type: 'i' | 's' | 'g' | 'b'
      readonly id: string
    }
  | { readonly kind: 'path'; readonly names: readonly BrowseName[] }

export type OpcuaAddress =
  | {
      readonly kind: 'value'
      readonly node: NodeRef
      readonly member: readonly MemberStep[]
      /** Read at its interval, whatever the device does. */
      readonly polled: boolean
      readonly text: string
    }
  | { readonly kind: 'events'; readonly node: NodeRef; readonly filter: EventFilterText; readonly text: string }
  | { readonly kind: 'call'; readonly object: NodeRef; readonly method: NodeRef; readonly text: string }

export const ADDRESS_EXAMPLES: readonly string[] = [
  'nsu=http://example.org/plant;s=Line1.Level',
  'ns=2;s=Line1.Level',
  'ns=2;i=1001',
  'i=2258',
  'ns=3;g=72962b91-fa75-4ae6-8d28-b404dc7daf63',
  'ns=4;b=M/RbKBsRVkePCePcx24oRA==',
  '/2:Plant/Line1/Level',
  '/{http://example.org/plant}Plant/Line1/Level',
  'ns=2;s=Temperatures :: [3]',
  'ns=2;s=Robot :: axes[2].position',
  'poll ns=2;s=Line1.Serial',
  'events i=2253 :: severity >= 500',
  'call ns=2;s=Robot / ns=2;s=Robot.Home',
]

/** Throws CONFIG_INVALID with the column (1-based) where it stopped, and the next step. */
export function parseAddress(written: string): OpcuaAddress {
  const text = written.trim()
  const events = /^events +/.exec(text)
  if (events !== null) {
    const [node, filter, at] = splitAt(text, events[0].length)
    return {
      kind: 'events',
      node: parseNode(node, events[0].length),
      filter: parseFilter(filter ?? '', at, parseNode),
      text,
    }
  }
  const call = /^call +/.exec(text)
  if (call !== null) return parseCall(text, call[0].length)
  const poll = /^poll +/.exec(text)?.[0].length ?? 0
  const [node, member, at] = splitAtLast(text, poll)
  return {
    kind: 'value',
    node: parseNode(node, poll),
    member: member === '' ? [] : parseMember(member, at),
    polled: poll > 0,
    text,
  }
}

function parseCall(text: string, start: number): OpcuaAddress {
  // Ids may hold ` / `: it parts two nodes where one begins behind it.
  const split = text.slice(start).search(/ \/ (?=nsu=|ns=|[isgb]=|\/)/) + start
  if (split < start)
    throw invalid(text.length, 'expected an object and its method, as in call ns=2;s=Robot / ns=2;s=Robot.Home')
  const object = parseNode(text.slice(start, split).trim(), start)
  return { kind: 'call', object, method: parseNode(text.slice(split + 3).trim(), split + 3), text }
}

const SEPARATOR = ' :: '

/** The node as it stands there, what follows the last ` :: ` (nothing where there is none), and where that begins. */
function splitAtLast(text: string, start: number): [node: string, rest: string, at: number] {
  const end = text.endsWith(' ::') ? text.length - 3 : text.lastIndexOf(SEPARATOR)
  if (end < start) return [text.slice(start), '', text.length]
  return [text.slice(start, end), text.slice(end + SEPARATOR.length).trim(), end + SEPARATOR.length]
}

/** The node, what stands behind ` :: `, and where that begins. */
function splitAt(text: string, start: number): [node: string, rest: string | undefined, at: number] {
  const split = text.indexOf(SEPARATOR, start)
  if (split < 0) return [text.slice(start).trim(), undefined, text.length]
  return [text.slice(start, split).trim(), text.slice(split + SEPARATOR.length), split + SEPARATOR.length]
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const LAST_NUMBER = 4_294_967_295

/** One node as people write it; `start`: where it stands in its text, for the column of an error. */
export function parseNode(text: string, start = 0): NodeRef {
  if (text.startsWith('/')) return { kind: 'path', names: parsePath(text, start) }
  const byUri = /^nsu=(.+?);([isgb])=(.*)$/s.exec(text)
  const byIndex = /^(?:ns=(\d{1,5});)?([isgb])=(.*)$/s.exec(text)
  const found = byUri ?? byIndex
  if (found === null) throw invalid(start, `${show(text)} is no node; ${EXPECTED}`)
  const namespace = byUri === null ? Number(byIndex![1] ?? 0) : unescapeUri(byUri[1]!)
  if (typeof namespace === 'number' && namespace > 65_535) throw invalid(start + 3, 'a namespace index ends at 65535')
  const type = found[2] as 'i' | 's' | 'g' | 'b'
  const id = found[3]!
  const at = start + text.length - id.length
  if (type === 'i' && !(/^\d+$/.test(id) && Number(id) <= LAST_NUMBER))
    throw invalid(at, `i= takes a number up to ${LAST_NUMBER}, got ${show(id)}`)
  if (type === 'g' && !GUID.test(id)) throw invalid(at, `g= takes a GUID such as 72962b91-fa75-4ae6-8d28-b404dc7daf63`)
  if (type === 'b' && (id === '' || !BASE64.test(id))) throw invalid(at, 'b= takes base64')
  if (type === 's' && id === '') throw invalid(at, 's= takes a name')
  if (id.length > 4096) throw invalid(at, 'an identifier has at most 4,096 characters (OPC 10000-3, 8.2.4)')
  return { kind: 'id', namespace, type, id: type === 'g' ? id.toLowerCase() : type === 'i' ? String(Number(id)) : id }
}

const unescapeUri = (uri: string): string => uri.replace(/%(3B|25)/gi, (escaped) => (/b/i.test(escaped) ? ';' : '%'))

/** A percent sign that means nothing stays as it is: people paste URIs. */
const escapeUri = (uri: string): string => uri.replace(/%(?=3B|25)/gi, '%25').replaceAll(';', '%3B')

const EXPECTED = 'expected nsu=URI;s=name, ns=2;s=name, ns=2;i=1001, i=2258, or a path such as /2:Plant/Level'

function parsePath(text: string, start: number): BrowseName[] {
  const names: BrowseName[] = []
  let namespace: number | string = 0
  for (let at = 1; at <= text.length;) {
    const [, uri, index, rest] = /^(?:\{([^}]+)\}|(\d{1,5}):)?((?:&.|[^/&])*)/s.exec(text.slice(at))!
    if (uri !== undefined) namespace = uri
    else if (index !== undefined) namespace = Number(index)
    if (typeof namespace === 'number' && namespace > 65_535)
      throw invalid(start + at, 'a namespace index ends at 65535')
    const name = rest!.replace(/&(.)/gs, '$1')
    if (name === '') throw invalid(start + at, 'a name is missing between two slashes or at the end of the path')
    names.push({ namespace, name })
    at += (uri === undefined ? (index === undefined ? 0 : index.length + 1) : uri.length + 2) + rest!.length
    if (text[at] === '&') throw invalid(start + at, 'behind & stands the character that is meant as it is')
    at++
  }
  return names
}

/** `axes[2].position` → 'axes', [2], 'position'. */
export function parseMember(text: string, start = 0): MemberStep[] {
  const steps: MemberStep[] = []
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at)
    const index = /^\[\s*(\d{1,10}(?:\s*,\s*\d{1,10})*)\s*\]/.exec(rest)
    const field = /^\.?([^.[\]\s][^.[\]]*)/.exec(rest)
    if (index !== null) steps.push(index[1]!.split(',').map(Number))
    else if (field !== null && (at === 0) !== rest.startsWith('.')) steps.push(field[1]!.trim())
    else throw invalid(start + at, 'expected a member such as [3], speed or axes[2].position')
    at += (index ?? field)![0].length
  }
  if (steps.length === 0) throw invalid(start, 'expected a member such as [3], speed or axes[2].position')
  return steps
}

/** The node in the one form in which it is shown and compared. */
export function formatNode(node: NodeRef): string {
  if (node.kind === 'path') return node.names.map(formatName).join('')
  const { namespace, type, id } = node
  if (typeof namespace === 'string') return `nsu=${escapeUri(namespace)};${type}=${id}`
  return namespace === 0 ? `${type}=${id}` : `ns=${namespace};${type}=${id}`
}

function formatName({ namespace, name }: BrowseName, at: number, all?: readonly BrowseName[]): string {
  const plain = name.replace(/[/&]/g, '&$&')
  const before = at === 0 ? 0 : all?.[at - 1]?.namespace
  // A name that begins as an index would be read as one.
  if (namespace === before && !/^(\d{1,5}:|\{)/.test(name)) return `/${plain}`
  return typeof namespace === 'string' ? `/{${namespace}}${plain}` : `/${namespace}:${plain}`
}

export const formatMember = (member: readonly MemberStep[]): string =>
  member
    .map((step, at) => (typeof step === 'string' ? `${at === 0 ? '' : '.'}${step}` : `[${step.join(',')}]`))
    .join('')

/** The address as it is shown: `ns=2;s=Robot :: axes[2].position`. */
export function describeAddress(address: OpcuaAddress): string {
  if (address.kind === 'call') return `call ${formatNode(address.object)} / ${formatNode(address.method)}`
  if (address.kind === 'events') {
    const { text } = address.filter
    return `events ${formatNode(address.node)}${text === '' ? '' : `${SEPARATOR}${text}`}`
  }
  const node = formatNode(address.node)
  // What would be taken for a member, or for blanks that do not count, is ended.
  const end = node.includes(SEPARATOR) || / (::)?$/.test(node) ? ' ::' : ''
  const member = address.member.length === 0 ? end : `${SEPARATOR}${formatMember(address.member)}`
  return `${address.polled ? 'poll ' : ''}${node}${member}`
}

const show = (text: string): string =>
  text === '' ? 'nothing' : `"${text.length > 60 ? `${text.slice(0, 57)}…` : text}"`

/** `offset` is 0-based; people count columns from 1. */
function invalid(offset: number, message: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', message, { details: { column: offset + 1 } })
}
