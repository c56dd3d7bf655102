/**
 * The log for a person at a terminal: one line an event, time of day, level, sentence, then the fields as key=value.
 * Control characters of what devices and brokers sent are shown, never obeyed.
 */
import type { LogLevel } from './log.ts'
import { redactText, redactValue } from './redact.ts'

const COLOUR: Record<string, string> = { debug: '90', info: '36', warn: '33', error: '31' }

/** `fields` in the order in which they were given. */
export function humanLine(level: LogLevel, fields: object, sentence: string, colour: boolean): string {
  const time = new Date().toISOString().slice(11, 23)
  const word = level.toUpperCase().padEnd(5)
  const painted = colour ? `\u001b[${COLOUR[level]}m${word}\u001b[0m` : word
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${fieldText(name, value)}`)
    .join(' ')
  const tail = rest === '' ? '' : colour ? `  \u001b[90m${rest}\u001b[0m` : `  ${rest}`
  return `${time} ${painted} ${oneLine(redactText(sentence))}${tail}\n`
}

function fieldText(name: string, value: unknown): string {
  const shown = redactValue(name, value)
  const text = typeof shown === 'string' ? shown : (JSON.stringify(shown) ?? String(shown))
  return oneLine(/[\s"]/.test(text) && typeof shown === 'string' ? JSON.stringify(text) : text)
}

// Terminals obey C0 and C1 controls: a device name must not be able to move the cursor.

const oneLine = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) =>
    character === '\n' ? '\\n' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
