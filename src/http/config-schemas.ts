/** What the routes of the configuration answer. */
import { z } from 'zod'

const time = z.string().describe('ISO 8601, UTC')
const partSchema = z.object({
  added: z.array(z.string()),
  changed: z.array(
    z.object({
      name: z.string(),
      how: z.enum(['kept', 'restarted']).describe('kept: its connection stayed'),
      what: z.array(z.string()).describe('What differs; no values'),
      tags: z.object({ added: z.int(), changed: z.int(), removed: z.int() }).optional(),
    }),
  ),
  removed: z.array(z.string()),
  untouched: z.int().describe('How many go on as they are'),
})

export const appliedSchema = z.object({
  version: z.int().describe('Its number in the history'),
  hash: z.string(),
  changes: z.array(z.string()).describe('For people: + ~ - and ! for what needs a restart'),
  report: z.object({
    devices: partSchema,
    sinks: partSchema,
    settings: z.array(z.string()).describe('Settings that hold from now on'),
    needsRestart: z.array(z.string()).describe('Settings that hold after the next start'),
    durationMs: z.number(),
  }),
  confirmUntil: time.nullable().describe('It goes back unless it is confirmed until then'),
})

export const configStatusSchema = z.object({
  file: z.string(),
  hash: z.string().describe('Of all files that what runs was read from'),
  version: z.int(),
  appliedAt: time,
  lastSuccessAt: time,
  lastReload: z.object({ ok: z.boolean(), at: time, problems: z.array(z.string()) }),
  trial: z.object({ version: z.int(), previous: z.int(), until: time }).nullable(),
  needsRestart: z.array(z.string()),
  differsFromFiles: z.boolean(),
  readOnly: z.boolean().describe('No file of the configuration can be written from here: show it, and offer no edits'),
  readOnlyReason: z.string().nullable().describe('Why the first file that cannot be written cannot; null: all can'),
  banner: z.string().nullable().describe('What people have to be told; null: nothing'),
})

export const versionSchema = z.object({
  version: z.int(),
  hash: z.string(),
  time,
  user: z.string(),
  source: z.string(),
  message: z.string().nullable(),
  files: z.array(z.string()),
})
