/** Words for numbers, from what a server says of an enumeration: EnumStrings (a list) or EnumValues (numbers with names). */
import { longOf } from '../../../protocols/opcua/value.ts'

const MOST_WORDS = 200
const MOST_CHARACTERS = 4000

interface Word {
  readonly value?: unknown
  readonly displayName?: { readonly text?: string | null }
  readonly text?: string | null
}

/** `0=Stopped|1=Running`; undefined: there are none that could be written so. */
export function toSymbols(words: unknown): string | undefined {
  if (!Array.isArray(words)) return undefined
  const entries = new Map<string, string>()
  for (const [at, word] of (words as readonly (Word | null)[]).slice(0, MOST_WORDS).entries()) {
    const number = word?.value === undefined ? String(at) : integerText(word.value)
    const name = clean(word?.displayName?.text ?? word?.text ?? '')
    if (number !== undefined && name !== '' && !entries.has(number)) entries.set(number, name)
  }
  const text = [...entries].map(([number, name]) => `${number}=${name}`).join('|')
  return text === '' || text.length > MOST_CHARACTERS ? undefined : text
}

/** Of a bool: TrueState and FalseState of TwoStateDiscreteType (OPC 10000-8, 5.3.3.2). */
export const toStates = (no: string | undefined, yes: string | undefined): string | undefined =>
  no === undefined && yes === undefined ? undefined : toSymbols([{ text: no ?? '' }, { text: yes ?? '' }])

function integerText(value: unknown): string | undefined {
  if (Array.isArray(value) && value.length === 2)
    return longOf(value as unknown as readonly [number, number], true).toString()
  if (typeof value === 'bigint') return value.toString()
  return typeof value === 'number' && Number.isInteger(value) ? String(value) : undefined
}

/** On one line, without what parts the entries of a list. */
export const clean = (text: string): string =>
  text
    .replaceAll('|', '/')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
