/** A parameter of a template: its type, and what is wrong with a value that a device gives for it. */
import type { z } from 'zod'
import { parseDuration } from '../../core/duration.ts'
import { show } from '../issue-words.ts'
import { closest } from '../suggestion.ts'
import type { parameterSchema } from './grammar.ts'

export type Parameter = z.output<typeof parameterSchema> & { readonly name: string }

/** What a parameter can be in the end: always one scalar, so that it adds no structure. */
export type ParameterValue = string | number | boolean

/** A value that somebody gives for a parameter. */
export interface GivenValue {
  readonly value: unknown
  /** As a person wrote it, numbers with all their digits. */
  readonly text: string | undefined
  /** Everything is text in a CSV cell and in the environment: `3` is a number there. */
  readonly untyped: boolean
}

export type Reading =
  { readonly value: ParameterValue } | { readonly fault: string; readonly suggestion?: string | undefined }

/** The value as the parameter's type wants it, or what is wrong with it. */
export function readParameter(parameter: Parameter, given: GivenValue): Reading {
  const { value } = given
  if (value === null || value === undefined || typeof value === 'object')
    return { fault: `expected ${expectation(parameter)}, got ${show(value)}` }
  if (parameter.type === 'number') return readNumber(parameter, given)
  const text = typeof value === 'string' ? value : (given.text ?? JSON.stringify(value))
  if (parameter.type === 'duration') return readDuration(parameter, text)
  if (parameter.type === 'choice') return readChoice(parameter, text)
  return /[\r\n]/.test(text) ? { fault: 'a parameter holds no line break' } : { value: text }
}

/** What is wrong with the declaration itself, with the key that is to blame. */
export function parameterFault(parameter: Parameter): { key: string; message: string } | undefined {
  const { type, choices, min, max } = parameter
  if (type === 'choice' && (choices === undefined || choices.length === 0))
    return { key: 'choices', message: 'a choice needs `choices: [ … ]`' }
  if (type !== 'choice' && choices !== undefined) return { key: 'choices', message: `choices need type: choice` }
  for (const [key, bound] of Object.entries({ min, max })) {
    if (bound === undefined) continue
    if (type !== 'number' && type !== 'duration')
      return { key, message: `${key} is for numbers and durations, this is a ${type}` }
    if (boundOf(type, bound) === undefined) return { key, message: `expected a ${type}, got ${show(bound)}` }
  }
  if (min !== undefined && max !== undefined && boundOf(type, min)! > boundOf(type, max)!)
    return { key: 'max', message: `max (${max}) is below min (${min})` }
  if (parameter.default === undefined) return undefined
  const reading = readParameter(parameter, { value: parameter.default, text: undefined, untyped: false })
  return 'fault' in reading ? { key: 'default', message: reading.fault } : undefined
}

/** What a value has to be, in words: `a number from 1 to 247`. */
export function expectation({ type, min, max, choices }: Parameter): string {
  if (type === 'choice') return `one of ${(choices ?? []).join(', ')}`
  const what = { text: 'a text', number: 'a number', duration: 'a duration such as 250ms, 2s or 5m' }[type]
  if (min !== undefined && max !== undefined) return `${what} from ${min} to ${max}`
  if (min !== undefined) return `${what} of at least ${min}`
  return max === undefined ? what : `${what} of at most ${max}`
}

function readNumber(parameter: Parameter, { value, text, untyped }: GivenValue): Reading {
  const wrong = (suggestion?: string): Reading => ({
    fault: `expected ${expectation(parameter)}, got ${show(text ?? value)}`,
    suggestion,
  })
  if (typeof value === 'number') return Number.isFinite(value) && isWithin(parameter, value) ? { value } : wrong()
  if (typeof value !== 'string') return wrong()
  if (!/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(value))
    return wrong(/^-?\d+,\d+$/.test(value) ? `"${value.replace(',', '.')}"` : undefined)
  if (!untyped) return wrong(`${value} without quotes`)
  return isWithin(parameter, Number(value)) ? { value: Number(value) } : wrong()
}

function readDuration(parameter: Parameter, text: string): Reading {
  const ms = parseDuration(text)
  const fits = ms !== undefined && isWithin(parameter, ms)
  return fits ? { value: text } : { fault: `expected ${expectation(parameter)}, got ${show(text)}` }
}

function readChoice(parameter: Parameter, text: string): Reading {
  const choices = parameter.choices ?? []
  const chosen = choices.find((choice) => String(choice) === text)
  if (chosen !== undefined) return { value: chosen }
  const nearest = closest(text, choices.map(String))
  return {
    fault: `expected ${expectation(parameter)}, got ${show(text)}`,
    suggestion: nearest === undefined ? undefined : `"${nearest}"`,
  }
}

function isWithin({ type, min, max }: Parameter, amount: number): boolean {
  const least = min === undefined ? undefined : boundOf(type, min)
  const most = max === undefined ? undefined : boundOf(type, max)
  return amount >= (least ?? -Infinity) && amount <= (most ?? Infinity)
}

function boundOf(type: Parameter['type'], bound: string | number): number | undefined {
  if (typeof bound === 'number') return bound
  return type === 'duration' ? parseDuration(bound) : undefined
}
