/** The complaints of a schema in words for people: `expected a whole number`, never `invalid input`. Configuration and API share them. */
import type { $ZodIssue } from 'zod/v4/core'
import { hideUrlPasswords } from '../core/url-password.ts'

/** What was expected, in words that a person understands without knowing the schema library. */
export function describeIssue(issue: $ZodIssue): string {
  if (issue.code === 'invalid_type') return `expected ${typeWord(issue.expected)}`
  if (issue.code === 'invalid_value') return `expected ${oneOf(issue.values.map(String))}`
  if (issue.code === 'too_small' && typeof issue.minimum === 'number')
    return `expected at least ${issue.minimum}${unitOf(issue.origin)}`
  if (issue.code === 'too_big' && typeof issue.maximum === 'number')
    return `expected at most ${issue.maximum}${unitOf(issue.origin)}`
  if (issue.code === 'invalid_union') {
    const parts = issue.errors.flatMap((branch) => branch.slice(0, 1).map(describeIssue))
    return parts.length === 0
      ? 'this is not one of the forms allowed here'
      : [...new Set(parts)].join(' or ').replaceAll(' or expected ', ' or ')
  }
  return issue.message.replace(/^Invalid input: /, '')
}

const unitOf = (origin: string): string => (origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '')
const oneOf = (words: readonly string[]): string => (words.length === 1 ? words[0]! : `one of ${words.join(', ')}`)

/** A type of JSON in words. */
export function typeWord(type: string): string {
  const words: Record<string, string> = {
    int: 'a whole number',
    number: 'a number',
    string: 'a text',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  }
  return words[type] ?? type
}

/** A value in a message: short, and never a whole structure. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = hideUrlPasswords(JSON.stringify(value))
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}
