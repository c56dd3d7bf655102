/**
 * `/api/v1/config/files|file|check|schema|diff` and one version of the history: the configuration as the text that people write. No secret
 * is shown: `***` stands for it, and becomes what it was when such a text is sent to `apply`, `plan` or `check`.
 */
import { z } from 'zod'
import { configJsonSchema, SCHEMA_DRAFTS } from '../../config/json-schema.ts'
import type { LiveConfig } from '../../config/live/live-config.ts'
import type { Side } from '../../config/live/shown-files.ts'
import { showFile } from '../../config/origin.ts'
import { ConfigError, type Problem } from '../../config/problem.ts'
import type { App, RouteContext } from '../app.ts'
import { liveConfigOf, planView, withEtag } from '../config-desk.ts'
import { planSchema } from '../config-edit-schemas.ts'
import { versionSchema } from '../config-schemas.ts'
import { LIMITS } from '../limits.ts'
import { answers } from '../schemas.ts'
import { versionView } from './config-live.ts'

const tags = ['configuration']
const read = { permission: 'config.read', problems: ['NOT_FOUND'] } as const
const hash = z.string().describe('SHA-256 of what it really holds')
const path = z.string().min(1).max(4096).describe('As the list has it')
/** Objects of one file that are told: the page shows them beside its lines. */
const MOST_OBJECTS = 5000

const filesSchema = z.object({
  files: z.array(
    z.object({
      path: z.string().describe('Beside the configuration; one far away is absolute'),
      bytes: z.int(),
      hash,
      isMain: z.boolean().describe('The first file; the others are what it includes or names'),
      readOnly: z.string().nullable().describe('Why it cannot be written from here; null: it can'),
      onDisk: z.enum(['same', 'differs', 'gone']).describe('differs: somebody has edited it, and it was not applied'),
      objectCount: z.int(),
      objects: z
        .array(
          z.object({ kind: z.enum(['device', 'sink', 'template', 'role', 'tags']), name: z.string(), line: z.int() }),
        ) // prettier-ignore
        .describe('What is written in it, the first five thousand'),
    }),
  ),
  folder: z.string(),
  next: z.null(),
})

const textSchema = z.object({
  path: z.string(),
  text: z.string().describe('Byte for byte, but that `***` stands for what is secret'),
  hash,
  masked: z.int().describe('How many secrets are not shown'),
})

const checkSchema = z.object({
  ok: z.boolean(),
  problems: z.array(
    z.object({
      severity: z.enum(['error', 'warning']),
      file: z.string(),
      line: z.int(),
      column: z.int(),
      path: z.string().describe('`devices[0].options.port`, `row 37, address`'),
      message: z.string(),
      suggestion: z.string().nullable().describe('What was probably meant'),
    }),
  ),
  plan: planSchema.nullable().describe('What it would change; null where there are errors'),
})

const diffSchema = z.object({
  patch: z.string().describe('For `patch -p1`, but that secrets are masked on both sides'),
  differences: planSchema.shape.differences
    .nullable()
    .describe('By object; null: one side cannot be loaded any more, and `reason` says why'),
  counts: planSchema.shape.counts.nullable(),
  reason: z.string().nullable(),
})

const side = z
  .string()
  .regex(/^(running|disk|[1-9]\d{0,8})$/, 'expected the number of a version, running or disk')
  .describe('The number of a version, `running`, or `disk`')

const versionParams = z.object({ version: z.coerce.number().int().min(1).max(1e9).describe('Its number') })

export function configFileRoutes(app: App, { gateway }: RouteContext): void {
  const live = (): LiveConfig => liveConfigOf(gateway)
  /** Made once of each: the registries stay. */
  const schemas = new Map<string, object>()

  app.route({
    method: 'GET',
    url: '/api/v1/config/files',
    config: read,
    schema: {
      tags,
      summary: 'The files of the configuration that runs, and what is written in each',
      response: answers(filesSchema),
    },
    handler: (_request, reply) => {
      const files = live().shown.list.map(({ objects, ...file }) => ({
        ...file,
        objectCount: objects.length,
        objects: objects.slice(0, MOST_OBJECTS),
      }))
      const folder = gateway.config.file.slice(0, gateway.config.file.lastIndexOf('/'))
      return withEtag(reply, live()).send({ files, folder, next: null })
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/file',
    config: read,
    schema: {
      tags,
      summary: 'The text of a file of the configuration, without secrets',
      querystring: z.object({
        path,
        of: z.enum(['running', 'disk']).default('running').describe('What runs, or what is on the disk now'),
      }),
      response: answers(textSchema),
    },
    handler: ({ query }, reply) => withEtag(reply, live()).send(live().shown.text(query.path, query.of)),
  })

  app.route({
    method: 'POST',
    url: '/api/v1/config/check',
    config: read,
    bodyLimit: LIMITS.configBodyBytes,
    schema: {
      tags,
      summary: 'Check files as they would be: every problem with its line and column, and the plan',
      description: 'Nothing is written. That a file is not good is an answer, no problem.',
      body: z.strictObject({
        files: z.record(z.string(), z.string()).describe('By their path beside the configuration; the others are as they are'), // prettier-ignore
      }),
      response: answers(checkSchema),
    },
    handler: async ({ body }) => {
      const shownProblems = (problems: readonly Problem[], severity: 'error' | 'warning') =>
        problems.map(({ file, line, column, path: at, message, suggestion = null }) => ({
          severity,
          file: showFile(file, gateway.config.file),
          line,
          column,
          path: at,
          message,
          suggestion,
        }))
      try {
        const { warnings, ...plan } = await live().planFiles(body)
        return { ok: true, problems: shownProblems(warnings, 'warning'), plan: planView(plan) }
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        const problems = [...shownProblems(error.problems, 'error'), ...shownProblems(error.warnings, 'warning')]
        return { ok: false, problems, plan: null }
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/schema',
    config: { permission: 'config.read' },
    schema: {
      tags,
      summary: 'JSON Schema of a configuration file, for completion',
      querystring: z.object({ draft: z.enum(SCHEMA_DRAFTS).default('draft-07') }),
      response: answers(z.record(z.string(), z.unknown())),
    },
    handler: async ({ query: { draft } }) => {
      const known = schemas.get(draft)
      if (known !== undefined) return known
      const [{ drivers }, { sinks }] = await Promise.all([import('../../drivers/index.ts'), import('../../sinks/index.ts')]) // prettier-ignore
      const made = configJsonSchema(drivers, sinks, draft)
      schemas.set(draft, made)
      return made
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/history/:version',
    config: { permission: 'config.read', problems: ['NOT_FOUND', 'STORE_FAILED'] },
    schema: {
      tags,
      summary: 'A version that was applied: who, when, why, and its files',
      params: versionParams,
      response: answers(
        versionSchema.extend({
          files: z.array(z.object({ path: z.string(), bytes: z.int(), hash })),
          isRunning: z.boolean(),
        }),
      ),
    },
    handler: async ({ params }) => {
      const version = live().history.version(params.version)
      const files = await live().shown.versionFiles(params.version)
      return { ...versionView(version), files, isRunning: version.hash === live().hash }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/history/:version/file',
    config: { permission: 'config.read', problems: ['NOT_FOUND', 'STORE_FAILED'] },
    schema: {
      tags,
      summary: 'The text of a file of a version, without secrets',
      params: versionParams,
      querystring: z.object({ path }),
      response: answers(textSchema),
    },
    handler: ({ params, query }) => live().shown.textOf(params.version, query.path),
  })

  app.route({
    method: 'GET',
    url: '/api/v1/config/diff',
    config: { permission: 'config.read', problems: ['NOT_FOUND', 'STORE_FAILED'] },
    schema: {
      tags,
      summary: 'What differs between two versions, what runs, and what is on the disk',
      querystring: z.object({ from: side, to: side.default('running') }),
      response: answers(diffSchema),
    },
    handler: async ({ query }, reply) => {
      const seen = live().hash
      const { patch, differences, reason } = await live().shown.diff(sideOf(query.from), sideOf(query.to))
      const count = (sign: string): number => (differences ?? []).filter((one) => one.sign === sign).length
      const counts = differences === null ? null : { added: count('+'), changed: count('~'), removed: count('-') }
      return reply
        .header('etag', `"${seen}"`)
        .send({ patch, differences: differences?.slice(0, 1000) ?? null, counts, reason })
    },
  })
}

const sideOf = (text: string): Side => (text === 'running' || text === 'disk' ? text : Number(text))
