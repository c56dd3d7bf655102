/** The shapes of the API of parameter sets, as `schemas.ts` has those of the rest. */
import { z } from 'zod'
import { DATA_TYPES } from '../core/value.ts'

const scalar = z.union([z.number(), z.boolean(), z.string(), z.null()])
const valueOf = (what: string) =>
  scalar.describe(`${what}, in engineering units; int64 and uint64 as a decimal string, bytes as base64; null: unknown`)
const count = () => z.int().min(0)
const time = () => z.iso.datetime()
const statusSchema = z.object({ code: z.int(), name: z.string() })

const identitySchema = z
  .object({
    vendor: z.string().nullable(),
    product: z.string().nullable(),
    serial: z.string().nullable(),
    firmware: z.string().nullable(),
  })
  .describe('What the device says it is; null where it does not')

const summarySchema = z.object({
  version: z.int().min(1),
  time: time(),
  user: z.string(),
  from: z.string(),
  reason: z.string().nullable(),
  identity: identitySchema,
  sha256: z.string().describe('The same for the same parameters with the same values'),
  parameters: count(),
  unreadable: count().describe('Those that could not be read when it was saved'),
})

const setSchema = z.object({
  device: z.string(),
  set: z.string(),
  description: z.string().nullable(),
  parameters: count(),
  restorable: z.boolean().describe('The configuration lets it be written to the device'),
  forbidden: z.string().nullable().describe('Why it may not be written'),
  newest: summarySchema.nullable().describe('The newest version; null: none is stored, or it is damaged'),
  versions: count(),
  lastCompare: z
    .object({ time: time(), version: z.int(), differences: count() })
    .nullable()
    .describe('What came of the last comparison or restore since the start; null: there was none'),
})

const entrySchema = z.object({
  name: z.string(),
  address: z.string(),
  type: z.enum(DATA_TYPES),
  unit: z.string().nullable(),
  description: z.string().nullable(),
  tolerance: z.number().nullable(),
  readOnly: z.boolean(),
})

export const setsSchema = z.object({ sets: z.array(setSchema), next: z.null() })

export const setDetailSchema = setSchema.extend({
  onFailure: z.enum(['stop', 'continue']),
  compareEveryMs: z.number().nullable(),
  entries: z.array(entrySchema),
  stored: z
    .array(z.object({ version: z.int(), summary: summarySchema.nullable().describe('null: its file is damaged') }))
    .describe('The versions, newest first'),
})

export const versionSchema = summarySchema.extend({
  device: z.string(),
  set: z.string(),
  values: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      type: z.enum(DATA_TYPES),
      unit: z.string().nullable(),
      value: valueOf('As stored'),
      raw: scalar.describe('As the device held it, scaling undone'),
      status: z.string().nullable().describe('Why it has no value'),
    }),
  ),
})

export const setReadingSchema = z.object({
  device: z.string(),
  set: z.string(),
  time: time(),
  identity: identitySchema,
  unreadable: count(),
  parameters: z.array(
    z.object({
      name: z.string(),
      unit: z.string().nullable(),
      value: valueOf('As the device has it'),
      raw: scalar.describe('As the device holds it, scaling undone'),
      status: statusSchema,
      reason: z.string().nullable(),
    }),
  ),
})

export const savedSchema = z.object({
  saved: summarySchema,
  isNew: z.boolean().describe('false: the newest version says the same, and nothing was added'),
})

const identityCheckSchema = z.object({
  verdict: z
    .enum(['same', 'unknown', 'other'])
    .describe('Of maker and model. unknown: the version was saved from a device that does not say what it is'),
  stored: identitySchema,
  device: identitySchema,
  remark: z.string().nullable(),
})

export const comparisonSchema = z.object({
  device: z.string(),
  set: z.string(),
  time: time(),
  version: summarySchema,
  identity: identityCheckSchema,
  equal: z.boolean().describe('Every parameter is equal'),
  differences: count(),
  parameters: z.array(
    z.object({
      name: z.string(),
      state: z
        .enum(['equal', 'different', 'missing', 'removed', 'redefined', 'unreadable'])
        .describe(
          'missing: the version has no value of it; removed: it is no longer configured; redefined: it has another address or type now; unreadable: the device does not give it',
        ),
      unit: z.string().nullable(),
      stored: valueOf('As stored'),
      device: valueOf('As the device has it'),
      status: statusSchema,
      reason: z.string().nullable(),
    }),
  ),
})

export const restorationSchema = z.object({
  device: z.string(),
  set: z.string(),
  outcome: z
    .enum(['planned', 'restored', 'incomplete'])
    .describe('planned: a dry run. restored: the device holds the version. incomplete: it does not'),
  version: summarySchema,
  identity: identityCheckSchema,
  forbidden: z.string().nullable().describe('Why it may not be written; of a dry run alone'),
  stopped: z.string().nullable().describe('Why it ended before all was written'),
  verified: z.boolean().describe('All of the set was read once more at the end'),
  parameters: z.array(
    z.object({
      name: z.string(),
      state: z
        .enum(['equal', 'pending', 'written', 'failed', 'unknown', 'left'])
        .describe(
          'pending: it would be written, or was not come to; unknown: it was sent and nobody answered; left: not written, see `reason`',
        ),
      unit: z.string().nullable(),
      stored: valueOf('As stored'),
      before: valueOf('As the device had it before'),
      after: valueOf('As the device has it at the end'),
      status: statusSchema,
      code: z.string().nullable(),
      reason: z.string().nullable(),
    }),
  ),
})
