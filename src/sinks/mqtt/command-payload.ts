/**
 * What a command says: a bare JSON value, or an object with the value and what belongs to it. What is not understood is refused, never
 * guessed at: a misspelt `expiresAt` would carry out what its sender has given up.
 */
import { GatewayError } from '../../core/errors.ts'

export const MOST_PAYLOAD_BYTES = 64 * 1024
const MOST_TEXT = 256
const KEYS = ['value', 'id', 't', 'expiresAt', 'user', 'reason'] as const

export interface CommandPayload {
  readonly value: unknown
  /** The sender's own name of this command, given back in the answer. */
  readonly id?: string | number | undefined
  /** When it was given, ms since 1970. */
  readonly t?: number | undefined
  /** After this it is not carried out, ms since 1970. */
  readonly expiresAt?: number | undefined
  readonly user?: string | undefined
  readonly reason?: string | undefined
}

/** Throws BODY_TOO_LARGE or INVALID_REQUEST with a sentence for the sender. */
export function parseCommand(payload: Uint8Array): CommandPayload {
  if (payload.length > MOST_PAYLOAD_BYTES)
    throw new GatewayError('BODY_TOO_LARGE', `a command has at most ${MOST_PAYLOAD_BYTES} bytes, not ${payload.length}`)
  const json = parseJson(payload)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return { value: scalar(json) }
  const given = json as Record<string, unknown>
  const unknown = Object.keys(given).find((key) => !(KEYS as readonly string[]).includes(key))
  if (unknown !== undefined) throw invalid(`a command has no "${unknown.slice(0, 40)}"; it may have ${KEYS.join(', ')}`)
  if (!('value' in given)) throw invalid('a command has a "value"')
  return {
    value: scalar(given.value),
    id: typeof given.id === 'number' ? given.id : text(given, 'id'),
    t: time(given, 't'),
    expiresAt: time(given, 'expiresAt'),
    user: text(given, 'user'),
    reason: text(given, 'reason'),
  }
}

/** The id of a command that cannot be understood otherwise, so that its sender knows which was refused. */
export function idOf(payload: Uint8Array): string | number | undefined {
  if (payload.length > MOST_PAYLOAD_BYTES) return undefined
  try {
    const json = parseJson(payload)
    const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : undefined
    return typeof id === 'number' || (typeof id === 'string' && id.length <= MOST_TEXT) ? id : undefined
  } catch {
    return undefined
  }
}

function parseJson(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as unknown
  } catch {
    throw invalid('a command is JSON: a value such as 12.5, true or "text", or {"value":12.5,"id":"a1"}')
  }
}

/** No tag takes anything else, and what is nested deeply could not even be put on record. */
function scalar(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  throw new GatewayError('INVALID_VALUE', 'the value of a command is a number, true, false or text')
}

function text(given: Record<string, unknown>, key: string): string | undefined {
  const value = given[key]
  if (value === undefined) return undefined
  if (typeof value === 'string' && value.length <= MOST_TEXT) return value
  throw invalid(`"${key}" of a command is text of at most ${MOST_TEXT} characters`)
}

function time(given: Record<string, unknown>, key: string): number | undefined {
  const value = given[key]
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value
  throw invalid(`"${key}" of a command is a time in ms since 1970`)
}

const invalid = (sentence: string) => new GatewayError('INVALID_REQUEST', sentence)
