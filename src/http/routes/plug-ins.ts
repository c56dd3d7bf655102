/**
 * `/api/v1/drivers`, `/api/v1/sink-types`: what a device or a sink can be, straight from the registries. The schema of the options is the
 * one that files, the editor and the command line go by, so that a form is no stricter than the file.
 */
import { z } from 'zod'
import { headJsonSchema, optionsJsonSchema, SCHEMA_DRAFTS, tagJsonSchema } from '../../config/json-schema.ts'
import type { DriverTool, DriverType } from '../../core/driver.ts'
import type { App } from '../app.ts'
import { answers } from '../schemas.ts'

const jsonSchema = z.record(z.string(), z.unknown())
const head = jsonSchema.describe('JSON Schema of what all of them have beside `options`: `name`, `enabled`, …')

const typeFields = {
  name: z.string().describe('As in the configuration'),
  summary: z.string(),
  options: jsonSchema.describe(
    'JSON Schema of `options`: `description`, `default`, `examples`; `secret`: never shown again; `file`, `folder`: a path on the machine of the gateway',
  ),
}

const toolSchema = z.object({
  name: z.string(),
  summary: z.string(),
  input: jsonSchema.describe('JSON Schema of its input'),
  offline: z.boolean().describe('It works while there is no connection'),
  manages: z.boolean().describe('It changes what the gateway knows of a device: not for one that is not configured'),
})

const driversSchema = z.object({
  drivers: z.array(
    z.object({
      ...typeFields,
      addressExamples: z.array(z.string()),
      urlSchemes: z.array(z.string()).describe('URLs of the protocol that name a device; none: `driver://host:port`'),
      scanPorts: z.array(z.int()).describe('Ports that a scan asks where none are named'),
      can: z
        .object({
          scan: z.boolean(),
          browse: z.boolean().describe('Its tool `browse` shows what there is to read'),
          dump: z.boolean().describe('Its tool `dump` shows registers as they are'),
          identify: z.boolean(),
          subscribe: z.boolean().describe('Values come by themselves'),
          history: z.boolean().describe('Gaps are filled with what the device has recorded'),
          events: z.boolean(),
          write: z.boolean(),
        })
        .describe('What some device of this type can do'),
      tools: z.array(toolSchema),
    }),
  ),
  device: head,
  tag: jsonSchema.describe('JSON Schema of a tag: the same for all drivers'),
  next: z.null(),
})

const sinkTypesSchema = z.object({ sinkTypes: z.array(z.object(typeFields)), sink: head, next: z.null() })

const query = z.object({
  draft: z.enum(SCHEMA_DRAFTS).default('2020-12').describe('Which JSON Schema'),
})

export function plugInRoutes(app: App): void {
  const tags = ['configuration']

  app.route({
    method: 'GET',
    url: '/api/v1/drivers',
    config: { permission: 'config.read' },
    schema: {
      tags,
      summary: 'What a device can be: drivers with their options and tools',
      description: 'Enough to make a form of: the schema is the one by which files are checked.',
      querystring: query,
      response: answers(driversSchema),
    },
    handler: async ({ query: { draft } }) => {
      const { drivers } = await import('../../drivers/index.ts')
      return {
        drivers: drivers.map((type) => ({
          name: type.name,
          summary: type.summary,
          options: optionsJsonSchema(type.options, draft),
          addressExamples: type.addressExamples,
          urlSchemes: type.urls?.schemes ?? [],
          scanPorts: type.scanPorts ?? [],
          can: abilitiesOf(type),
          tools: (type.tools ?? []).map(toolView),
        })),
        device: headJsonSchema('device', draft),
        tag: tagJsonSchema(),
        next: null,
      }
    },
  })

  app.route({
    method: 'GET',
    url: '/api/v1/sink-types',
    config: { permission: 'config.read' },
    schema: {
      tags,
      summary: 'What a sink can be: kinds with their options',
      querystring: query,
      response: answers(sinkTypesSchema),
    },
    handler: async ({ query: { draft } }) => {
      const { sinks } = await import('../../sinks/index.ts')
      return {
        sinkTypes: sinks.map(({ name, summary, options }) => ({
          name,
          summary,
          options: optionsJsonSchema(options, draft),
        })),
        sink: headJsonSchema('sink', draft),
        next: null,
      }
    },
  })
}

function abilitiesOf({ scan, tools = [], offers = [] }: DriverType) {
  const has = (name: string): boolean => tools.some((tool) => tool.name === name)
  return {
    scan: scan !== undefined,
    browse: has('browse'),
    dump: has('dump'),
    identify: has('identify'),
    subscribe: offers.includes('subscribe'),
    history: offers.includes('history'),
    events: offers.includes('events'),
    // The contract of a driver has it.
    write: true,
  }
}

const toolView = ({ name, summary, input, offline, manages }: DriverTool) => ({
  name,
  summary,
  input: z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' }),
  offline: offline === true,
  manages: manages === true,
})
