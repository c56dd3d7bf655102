/** `reports`: service reports that are made by a schedule, from a Prometheus server. Off where absent. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'
import { httpUrl } from '../core/http-options.ts'
import type { ReportsConfig } from '../core/reports.ts'

const scheduleSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'small letters, digits and dashes, as it becomes the name of a file')
    .describe('Name of the report, and of its files.'),
  at: z
    .string()
    .refine(
      isPattern,
      'no cron pattern of five fields, such as 0 6 1 * *: minute, hour, day of the month, month, weekday',
    )
    .default('0 6 1 * *')
    .describe(
      'When it is made, as a cron pattern; it is of the time since the occasion before. 0 6 1 * * is six o’clock on the first of each month.',
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, 'no time zone, such as Europe/Berlin')
    .default('UTC')
    .describe('Of the pattern and of the times in the report, such as Europe/Berlin.'),
  formats: z
    .array(z.enum(['md', 'html']))
    .min(1)
    .max(2)
    .default(['html'])
    .describe('Markdown, or one self-contained HTML file.'),
  keep: z.int().min(1).max(1000).default(24).describe('How many of it are kept; the oldest go.'),
})

export const reportsSchema = z.strictObject({
  prometheus: httpUrl()
    .default('http://127.0.0.1:9090')
    .describe(
      'Prometheus server that scrapes the gateways. Its bearer token stands in BIFROST_PROMETHEUS_TOKEN or BIFROST_PROMETHEUS_TOKEN_FILE.',
    ),
  job: z.string().min(1).max(200).default('bifrost').describe('Job name of the gateways there.'),
  folder: z
    .string()
    .min(1)
    .optional()
    .describe('Where reports are put, relative to this file; the folder reports of the data folder where absent.'),
  schedules: z
    .array(scheduleSchema)
    .max(20)
    .superRefine((all, context) => {
      for (const [at, { name }] of all.entries())
        if (all.findIndex((other) => other.name === name) < at)
          context.addIssue({ code: 'custom', path: [at, 'name'], message: `there are two reports "${name}"` })
    })
    .default([])
    .describe('Which reports there are, and when.'),
})

/** Undefined where the configuration has none. */
export function reportsOf(
  given: z.output<typeof reportsSchema> | undefined,
  data: string,
  openPath: (name: string) => string,
): ReportsConfig | undefined {
  if (given === undefined) return undefined
  const { folder, ...rest } = given
  return { ...rest, folder: folder === undefined ? join(data, 'reports') : openPath(folder) }
}

/** A check cannot wait for `import()`, and a gateway without reports shall not load the library. */
const onUse = createRequire(import.meta.url)

function isPattern(text: string): boolean {
  try {
    const { Cron } = onUse('croner') as typeof import('croner')
    return text.trim().split(/\s+/).length === 5 && new Cron(text, { paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
