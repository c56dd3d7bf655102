/**
 * What events a tag takes, as people write it: `severity >= 500, type = i=2915, source = ns=2;s=Pump`; parts are joined by AND.
 *
 *     filter = part {", " part}
 *     part   = "severity" (">=" | ">" | "=" | "<=" | "<") number
 *            | "type" "=" node          events of this type and of those below it
 *            | "source" "=" node | "sourceName" "=" text | "message" "contains" text
 *            | "fields" "=" field {" " field}      what is reported besides the usual fields
 *     field  = name {"/" name}          name = [index ":" | "{" uri "}"] text
 */
import { GatewayError } from '../../core/errors.ts'
import type { BrowseName, NodeRef } from './address.ts'

export interface EventFilterText {
  /** As it was written. */
  readonly text: string
  readonly parts: readonly FilterPart[]
  /** What is reported besides the usual fields, each once. */
  readonly fields: readonly EventField[]
}

export type FilterPart =
  | { readonly field: 'severity'; readonly operator: Comparison; readonly value: number }
  | { readonly field: 'type' | 'source'; readonly node: NodeRef }
  | { readonly field: 'sourceName' | 'message'; readonly text: string }

export type Comparison = '>=' | '>' | '=' | '<=' | '<'

export interface EventField {
  /** As it was written: its name in the JSON. */
  readonly text: string
  readonly path: readonly BrowseName[]
}

const PART = /^(severity|type|source|sourceName|message|fields)\s*(>=|<=|>|<|=|contains)\s*(.+)$/
const MOST_FIELDS = 64

/** Throws CONFIG_INVALID; `start` is where the filter stands in its address; `parseNode` reads a node, as an address has it. */
export function parseFilter(
  text: string,
  start: number,
  parseNode: (text: string, start: number) => NodeRef,
): EventFilterText {
  const parts: FilterPart[] = []
  const fields = new Map<string, EventField>()
  let at = start
  for (const piece of text.trim() === '' ? [] : text.split(', ')) {
    const [, field, operator, given] = PART.exec(piece.trim()) ?? refuse(at, `"${piece.trim()}" ${EXPECTED}`)
    const value = given!.trim()
    const from = at + piece.lastIndexOf(value)
    if (field === 'severity') parts.push({ field, ...parseSeverity(operator!, value, from) })
    else if (operator !== allowed(field!)) refuse(at, `${field} goes with "${allowed(field!)}"`)
    else if (field === 'type' || field === 'source') parts.push({ field, node: parseNode(value, from) })
    else if (field === 'sourceName' || field === 'message') parts.push({ field, text: value })
    else for (const one of value.split(/\s+/)) fields.set(one, { text: one, path: parsePath(one, from) })
    at += piece.length + 2
  }
  if (fields.size > MOST_FIELDS) refuse(start, `at most ${MOST_FIELDS} fields can be asked for, got ${fields.size}`)
  return { text: text.trim(), parts, fields: [...fields.values()] }
}

const EXPECTED =
  'is no part of an event filter; expected severity >= 500, type = NODE, source = NODE, sourceName = text, message contains text, or fields = Name Name'

const allowed = (field: string): string => (field === 'message' ? 'contains' : '=')

function parseSeverity(operator: string, value: string, at: number): { operator: Comparison; value: number } {
  if (operator === 'contains' || !/^\d{1,4}$/.test(value) || Number(value) > 1000)
    refuse(at, `severity is compared with a number from 1 to 1000, got "${operator} ${value}"`)
  return { operator: operator as Comparison, value: Number(value) }
}

/** `2:Machine`, `{urn:plant}State/Id`: a name without a namespace has that of the name before it. */
function parsePath(text: string, at: number): BrowseName[] {
  let namespace: number | string = 0
  const names: BrowseName[] = []
  for (const [, uri, index, name] of text.matchAll(/(?:^|\/)(?:\{([^}]+)\}|(\d{1,5}):)?([^/{}]*)/g)) {
    namespace = uri ?? (index === undefined ? namespace : Number(index))
    if (name === '') refuse(at, `"${text}" is no field; expected a name such as Machine, 2:Machine or 2:State/Id`)
    names.push({ namespace, name: name! })
  }
  return names
}

function refuse(offset: number, message: string): never {
  throw new GatewayError('CONFIG_INVALID', message, { details: { column: offset + 1 } })
}
