/** The shapes of the gateway's own log over the API, and how its records are written. */
import { z } from 'zod'
import type { LogRecord } from '../observe/logbook/log-ring.ts'
import { nextSchema, pageQuery } from './paging.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const

const word = z.string().min(1).max(1024)

export const logFilterShape = {
  level: z.enum(LEVELS).optional().describe('This level and what is worse'),
  component: word.optional().describe('Which part of the gateway speaks: `polling`, `sink`, `http`'),
  device: word.optional(),
  sink: word.optional(),
  q: z.string().min(1).max(300).optional().describe('Text in the message or in the fields, whatever the case'),
  after: z.coerce.number().int().min(0).optional().describe('Only records with a greater number `n`'),
}

export const logsQuery = z.object({ ...logFilterShape, ...pageQuery(200, 1000).shape })

const recordSchema = z.object({
  n: z.int().min(1).describe('Counts up with each record since the start of the gateway'),
  time: z.iso.datetime(),
  level: z.enum(LEVELS),
  component: z.string().nullable(),
  device: z.string().nullable(),
  sink: z.string().nullable(),
  message: z.string(),
  fields: z.record(z.string(), z.unknown()).describe('What else was said, with the names of the Elastic Common Schema'),
})

export const logsSchema = z.object({
  records: z.array(recordSchema),
  next: nextSchema,
  newest: z.int().min(0).describe('Number of the newest record of all: `after` for what comes later'),
  held: z
    .object({ records: z.int(), bytes: z.int(), oldestAt: z.iso.datetime().nullable() })
    .describe('What is in memory; what is older is where the log of the service goes'),
})

/** One record as JSON text. */
export function recordText({ n, time, level, component, device, sink, message, fieldsText }: LogRecord): string {
  const head = { n, time: new Date(time).toISOString(), level, component: component ?? null, device: device ?? null, sink: sink ?? null, message } // prettier-ignore
  return `${JSON.stringify(head).slice(0, -1)},"fields":${fieldsText}}`
}

/** One record as a line for people. */
export function recordLine({ time, level, component, device, sink, message, fieldsText }: LogRecord): string {
  const who = [component, device, sink].filter((name) => name !== undefined).join(' ')
  const fields = fieldsText === '{}' ? '' : `  ${fieldsText}`
  return `${new Date(time).toISOString()} ${level.toUpperCase().padEnd(5)} ${who === '' ? '' : `[${plain(who)}] `}${plain(message)}${fields}\n`
}

// Whoever looks at the file in a terminal must not obey what a device sent.
const plain = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1))
