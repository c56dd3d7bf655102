/** What the routes take and answer that change the configuration object by object. */
import { z } from 'zod'
import type { Plain } from '../config/edit/yaml-edit.ts'
import { confirmWithin, message } from './config-desk.ts'
import { appliedSchema } from './config-schemas.ts'
import { nextSchema } from './paging.ts'

const shown = z.union([z.string(), z.number(), z.boolean(), z.null()])

/** A value as it would stand in the file. */
const plain = z
  .union([shown, z.array(z.unknown()), z.record(z.string(), z.unknown())])
  .describe('As it would stand in the file: `${NAME}` and `${secret:name}` are references, `$$` is a dollar sign')
  .transform((value) => value as Plain)
const entry = z.record(z.string(), plain)
const choice = z
  .enum(['override', 'detach', 'shared'])
  .optional()
  .describe('What to do where it does not stand in one place alone; a refusal names what can be chosen')

const how = {
  dryRun: z.boolean().default(false).describe('Only say what it would come to: `plan`'),
  message,
  confirmWithin,
}

/** How, in the query of a DELETE. */
export const howQuery = z.object({
  dryRun: z.stringbool().default(false).describe('Only say what it would come to: `plan`'),
  message,
  confirmWithin,
  choice,
})

export const addBody = z.strictObject({
  entry: entry.describe('As it would stand in the file, `name` included'),
  into: z.string().max(1024).optional().describe('A YAML file of the configuration; `conf.d/ui.yaml` where absent'),
  ...how,
})
export const addTagBody = z.strictObject({
  entry: entry.describe('`name`, `address`, `type` and further columns of a tag list'),
  choice,
  ...how,
})
export const patchBody = z.strictObject({
  set: z
    .record(z.string().min(1).max(1024), plain)
    .default({})
    .describe('New values by the name of the setting: `every`, `options.timeout`; a dot within a name is `\\.`'),
  unset: z
    .array(z.string().min(1).max(1024))
    .max(1000)
    .default([])
    .describe('Settings that go, so that the default holds'),
  choice,
  ...how,
})

const object = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('tag'), device: z.string(), name: z.string() }),
  z.strictObject({ kind: z.enum(['device', 'sink', 'section']), name: z.string() }),
])
const setting = z
  .array(z.union([z.string(), z.int()]))
  .min(1)
  .max(32)
const editSchema = z.union([
  z.strictObject({ do: z.literal('set'), object, setting, value: plain, choice }),
  z.strictObject({ do: z.literal('unset'), object, setting, choice }),
  z.strictObject({ do: z.literal('remove'), object, choice }),
  z.strictObject({
    do: z.literal('add'),
    kind: z.enum(['device', 'sink']),
    entry,
    into: z.string().max(1024).optional(),
  }),
  z.strictObject({ do: z.literal('add'), kind: z.literal('tag'), device: z.string(), entry, choice }),
])

/** The most edits of one request: each edit of a YAML file reads that file again. */
const MOST_EDITS = 500
export const editsBody = z.strictObject({ edits: z.array(editSchema).min(1).max(MOST_EDITS), ...how })
export const planBody = z.strictObject({
  files: z
    .record(z.string(), z.string())
    .optional()
    .describe('Files as they would be, by their path beside the configuration'),
  edits: z.array(editSchema).max(MOST_EDITS).optional(),
})

const loadSchema = z.object({
  devices: z.array(
    z.object({
      device: z.string(),
      driver: z.string(),
      enabled: z.boolean(),
      tags: z.int(),
      line: z.string(),
      samplesPerSecond: z.number().describe('At most: as often as the tags are read'),
      requestsPerSecond: z.number().optional().describe('Absent: not known, and `unknown` says why'),
      unknown: z.string().optional(),
    }),
  ),
  lines: z.array(
    z.object({
      line: z.string(),
      devices: z.array(z.string()),
      requestsPerSecond: z.number().optional(),
      utilisation: z.number().optional().describe('Above 1 the line cannot do it'),
      inFlight: z.number().optional(),
      unknown: z.array(z.string()),
    }),
  ),
  samplesPerSecond: z.number(),
  requestsPerSecond: z.number(),
  log: z.object({
    bytesPerSecond: z.number(),
    bufferHours: z.number().nullable(),
    limitedBy: z.enum(['maxSize', 'maxAge']).nullable(),
  }),
  sinks: z.array(
    z.object({
      sink: z.string(),
      kind: z.string(),
      enabled: z.boolean(),
      tags: z.int(),
      samplesPerSecond: z.number(),
      places: z.object({ count: z.number(), word: z.string() }).optional(),
    }),
  ),
  assumptions: z.array(z.string()),
})

export const planSchema = z.object({
  counts: z.object({ added: z.int(), changed: z.int(), removed: z.int() }),
  differences: z
    .array(
      z.object({
        sign: z.enum(['+', '~', '-']),
        kind: z.enum(['device', 'tag', 'sink', 'section']),
        name: z.string(),
        changes: z.array(z.object({ setting: z.string(), before: shown.optional(), after: shown.optional() })),
      }),
    )
    .describe('The first thousand; secrets are `***`'),
  lines: z.array(z.string()).describe('The same and the load, for people'),
  load: loadSchema,
  loadBefore: loadSchema.nullable(),
  patch: z
    .string()
    .nullable()
    .describe('What changes in the files, for `patch -p1`; null where files were given whole'),
})

export const editedSchema = z.object({
  dryRun: z.boolean(),
  plan: planSchema.nullable().describe('Of a dry run'),
  applied: appliedSchema.nullable().describe('What came of it; null: it was a dry run'),
})

export const objectSchema = z.object({
  kind: z.enum(['section', 'device', 'sink', 'tag']),
  name: z.string(),
  owner: z.string().nullable().describe('File and line that own it; null: it stands nowhere'),
  settings: z.array(
    z.object({
      setting: z.string(),
      value: shown.describe('`***` for a secret, `${NAME}` for what comes from elsewhere'),
      origin: z.string().describe('`bifrost.yaml:12:7`, `default`, `environment BIFROST_DATA`'),
    }),
  ),
})

export const objectListSchema = z.object({
  objects: z.array(
    z.object({
      name: z.string(),
      type: z.string().describe('Driver or sink'),
      enabled: z.boolean(),
      owner: z.string().nullable().describe('File and line'),
      template: z.string().nullable().describe('The template that it was made from'),
      readOnly: z.string().nullable().describe('Why it cannot be changed from here; null: it can'),
    }),
  ),
  next: nextSchema,
})

export const tagListSchema = z.object({
  tags: z.array(
    z.object({
      name: z.string(),
      owner: z.string().nullable().describe('The row that it is written in; null: its array or its template owns it'),
      settings: z.record(z.string(), shown),
    }),
  ),
  next: z.string().nullable().describe('`cursor` of the next page; null on the last'),
})

const count = z.int().min(0)

export const importedSchema = editedSchema.extend({
  counts: z.object({ create: count, update: count, unchanged: count, remove: count, rejected: count }),
  rows: z
    .array(
      z.object({
        action: z.enum(['create', 'update', 'unchanged', 'remove', 'rejected']),
        place: z.string().nullable().describe('`line 7`, `Tags row 7`; null: the list does not have it'),
        name: z.string(),
        column: z.string().optional().describe('Of what is rejected'),
        reason: z.string().optional(),
        changes: z.array(z.string()).optional().describe('Columns that change'),
      }),
    )
    .describe('The first thousand that are not unchanged; those that are rejected are among them'),
})
