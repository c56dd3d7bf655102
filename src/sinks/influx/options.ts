/** The options of the influx sink: the only place where they exist. Types, checks, reference page and form derive from here. */
import type { output } from 'zod'
import { z } from 'zod'
import { messageOf } from '../../core/errors.ts'
import { checkHttpOptions, httpOptions, httpUrl } from '../../core/http-options.ts'
import { parseName } from '../encode/tag-words.ts'

/** Names that InfluxDB keeps for itself. */
const RESERVED = /^(time|_time|_field|_measurement)$/

const name = () =>
  z.string().superRefine((text, context) => {
    try {
      parseName(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
    }
    if (RESERVED.test(text))
      context.addIssue({ code: 'custom', message: `InfluxDB keeps the name "${text}" for itself` })
  })

const field = (name_: string, what: string) =>
  name().pipe(z.string().min(1)).default(name_).describe(`Field of ${what}.`)

const fields = z
  .strictObject({
    number: field('value', 'numbers (all types up to 32 bits, and floats)'),
    boolean: field('bool', 'booleans'),
    integer: field('int', 'int64'),
    unsigned: field('uint', 'uint64, where InfluxDB has unsigned integers (2 and 3)'),
    text: field('text', 'strings and bytes (base64), and of what no other field can hold'),
    status: field('q', 'the OPC UA status code'),
    sequence: field('seq', 'the sequence number'),
    log: field('log', 'the log id'),
    historical: field('h', 'the mark of historical samples'),
  })
  .prefault({})

export const influxOptions = z
  .strictObject({
    url: httpUrl().describe(
      'Where InfluxDB is: http://host:8086; a path in it comes before the path of the interface.',
    ),
    version: z
      .union([z.literal(1), z.literal(2), z.literal(3)])
      .default(2)
      .describe(
        '1 for InfluxDB 1.x (database, username, password), 2 for 2.x and Cloud (org, bucket, token), 3 for 3 Core and Enterprise (database, token).',
      ),
    database: z.string().min(1).optional().describe('Database (versions 1 and 3).'),
    retentionPolicy: z
      .string()
      .min(1)
      .optional()
      .describe("Retention policy (version 1); the database's default where absent."),
    org: z.string().min(1).optional().describe('Organisation, by name or id (version 2).'),
    bucket: z.string().min(1).optional().describe('Bucket (version 2).'),
    token: z.string().min(1).optional().describe('Token (versions 2 and 3).').meta({ secret: true }),
    measurement: name()
      .pipe(z.string().min(1))
      .default('{device}')
      .describe('Measurement, a template with {device}, {tag}, {unit}, {type}, {log}, {sink}.'),
    tags: z
      .record(name().pipe(z.string().min(1)), name())
      .default({ tag: '{tag}', unit: '{unit}' })
      .describe('Tags of each point, name to template; one whose text is empty is left out.'),
    fields: fields.describe(
      'Names of the fields, templates as well; one kind of value never shares a field with another.',
    ),
    precision: z
      .enum(['ns', 'ms'])
      .default('ns')
      .describe('Precision of timestamps. With ms two samples of one series in the same millisecond become one point.'),
    uniqueTimes: z
      .boolean()
      .default(true)
      .describe(
        'With precision ns: digits below those of the source time hold the end of the sequence number, so that samples of the same time stay apart.',
      ),
    gapMeasurement: name()
      .default('bifrost_gap')
      .describe('Measurement of points that say which samples were lost and why; empty: none.'),
    gzip: z.boolean().default(true).describe('Compress request bodies.'),
    ...httpOptions,
  })
  .superRefine((options, context) => {
    checkHttpOptions(options, context)
    const issue = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const { version } = options
    const needs: Record<1 | 2 | 3, readonly Own[]> = { 1: ['database'], 2: ['org', 'bucket', 'token'], 3: ['database'] }
    const may: Record<1 | 2 | 3, readonly Own[]> = {
      1: ['database', 'retentionPolicy', 'username', 'password'],
      2: ['org', 'bucket', 'token'],
      3: ['database', 'token'],
    }
    for (const one of needs[version]) if (options[one] === undefined) issue(one, `is needed with version: ${version}`)
    for (const one of OWN)
      if (options[one] !== undefined && !may[version].includes(one)) issue(one, `is not for version: ${version}`)
  })

const OWN = ['database', 'retentionPolicy', 'org', 'bucket', 'token', 'username', 'password'] as const
type Own = (typeof OWN)[number]

export type InfluxOptions = output<typeof influxOptions>
