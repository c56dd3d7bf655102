/**
 * What events a tag takes, as people write it: `severity >= 500, type = i=2915, source = ns=2;s=Pump`; parts are joined by AND.
 *
 *     filter = part {", " part}
 *     part   = "severity" (">=" | ">" | "=" | "<=" | "<") number
 *            | "type" "=" node          events of this type and of those below it
 *            | "source" "=" node | "sourceName" "=" text | "message" "contains" text
 *            | "fields" "=" name {" " name}      what is reported besides the usual fields
 */
import { GatewayError } from '../../core/errors.ts'

export interface EventFilterText {
  /** As it was written. */
  readonly text: string
  readonly parts: readonly FilterPart[]
}

export interface FilterPart {
  readonly field: 'severity' | 'type' | 'source' | 'sourceName' | 'message' | 'fields'
  readonly operator: '>=' | '>' | '=' | '<=' | '<' | 'contains'
  readonly value: string
}

const PART = /^(severity|type|source|sourceName|message|fields)\s*(>=|<=|>|<|=|contains)\s*(.+)$/

/** Throws CONFIG_INVALID; `start` is where the filter stands in its address. */
export function parseFilter(text: string, start: number): EventFilterText {
  const parts: FilterPart[] = []
  let at = start
  for (const piece of text.trim() === '' ? [] : text.split(', ')) {
    const found = PART.exec(piece.trim())
    const column = at + 1
    if (found === null)
      throw new GatewayError(
        'CONFIG_INVALID',
        `"${piece.trim()}" is no part of an event filter; expected severity >= 500, type = NODE, source = NODE, sourceName = text, message contains text, or fields = Name Name`,
        { details: { column } },
      )
    const [, field, operator, value] = found as unknown as [string, FilterPart['field'], FilterPart['operator'], string]
    if (field === 'severity' ? !/^\d{1,4}$/.test(value) || operator === 'contains' : operator !== allowed(field))
      throw new GatewayError(
        'CONFIG_INVALID',
        field === 'severity'
          ? `severity is compared with a number from 1 to 1000, got "${operator} ${value}"`
          : `${field} goes with "${allowed(field)}"`,
        { details: { column } },
      )
    parts.push({ field, operator, value: value.trim() })
    at += piece.length + 2
  }
  return { text: text.trim(), parts }
}

const allowed = (field: FilterPart['field']): string => (field === 'message' ? 'contains' : '=')
