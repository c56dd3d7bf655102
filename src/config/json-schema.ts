/**
 * The JSON Schema of `bifrost.yaml`, made from the registries, for editors: completion, descriptions, and errors while
 * typing. Draft-07 is what the YAML language server documents; 2020-12 is what OpenAPI 3.1 speaks.
 */
import { z } from 'zod'
import { receiverTypes } from '../alerts/receivers.ts'
import type { DriverType, Schema } from '../core/driver.ts'
import type { SinkType } from '../core/sink.ts'
import { accessSchema, oidcSchema } from './access.ts'
import { alertsSchema, heartbeatSchema, receiverSchema } from './alerts.ts'
import { deviceSchema, fileSchema, sinkSchema } from './file-schema.ts'
import { isSecret } from './option-marks.ts'
import { PARAMETER_COLUMNS } from './parameter-columns.ts'
import { parameterOptions, parameterSetSchema } from './parameter-sets.ts'
import { receiveClientSchema, receiveSchema } from './receive.ts'
import { TAG_COLUMNS, type TagColumn } from './tag-columns.ts'
import { templateDeviceJsonSchema, templatesJsonSchema } from './templates/template-json-schema.ts'

export const SCHEMA_DRAFTS = ['draft-07', '2020-12'] as const
export type SchemaDraft = (typeof SCHEMA_DRAFTS)[number]

type JsonSchema = Record<string, unknown>

/** The schema of a whole configuration file with these drivers and sinks. */
export function configJsonSchema(
  drivers: readonly DriverType[],
  sinks: readonly SinkType[],
  draft: SchemaDraft,
): JsonSchema {
  const { $schema, ...file } = toJsonSchema(fileSchema, draft)
  const toJson = (schema: z.ZodType) => toJsonSchema(schema, draft)
  const devices = {
    if: { required: ['template'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: templateDeviceJsonSchema(toJson, parameterSets(draft)),
    else: plugIns(deviceSchema, 'driver', drivers, draft, { tags: TAGS, parameterSets: parameterSets(draft) }),
  }
  const properties = {
    ...(file.properties as JsonSchema),
    templates: templatesJsonSchema(
      toJson,
      drivers.map((driver) => driver.name),
      TAGS,
    ),
    devices: listOf(devices, 'What is read.'),
    sinks: listOf(plugIns(sinkSchema, 'sink', sinks, draft, {}), 'Where it goes.'),
    access: accessJsonSchema(draft),
    receive: receiveJsonSchema(draft),
    alerts: alertsJsonSchema(draft),
  }
  return { $schema, title: 'Bifrost configuration', ...(allowReferences({ ...file, properties }) as JsonSchema) }
}

function accessJsonSchema(draft: SchemaDraft): JsonSchema {
  const { $schema: _, ...access } = toJsonSchema(accessSchema, draft)
  const oidc = { description: accessSchema.shape.oidc.description, ...optionsJsonSchema(oidcSchema, draft) }
  return {
    description: fileSchema.shape.access.description,
    ...access,
    properties: { ...(access.properties as JsonSchema), oidc },
  }
}

function receiveJsonSchema(draft: SchemaDraft): JsonSchema {
  const { $schema: _, ...receive } = toJsonSchema(receiveSchema, draft)
  const clients = listOf(optionsJsonSchema(receiveClientSchema, draft), 'The gateways that may connect.')
  const properties = { ...(receive.properties as JsonSchema), clients: { ...clients, minItems: 1 } }
  return { description: fileSchema.shape.receive.description, ...receive, properties }
}

function alertsJsonSchema(draft: SchemaDraft): JsonSchema {
  const { $schema: _, ...alerts } = toJsonSchema(alertsSchema, draft)
  const receivers = listOf(plugIns(receiverSchema, 'receiver', receiverTypes, draft, {}), 'Who is told.')
  const heartbeat = { description: alertsSchema.shape.heartbeat.description, ...optionsJsonSchema(heartbeatSchema, draft) } // prettier-ignore
  const properties = { ...(alerts.properties as JsonSchema), receivers, heartbeat }
  return { description: fileSchema.shape.alerts.description, ...alerts, properties }
}

function parameterSets(draft: SchemaDraft): JsonSchema {
  const { $schema: _, ...set } = toJsonSchema(parameterSetSchema, draft)
  const entries = rowsOf(PARAMETER_COLUMNS, parameterSetSchema.shape.entries.description!)
  const properties = { ...(set.properties as JsonSchema), entries }
  const items = { ...set, properties, required: ['name', 'entries'] }
  return listOf(items, parameterOptions.parameterSets.description!)
}

/** A list of rows with these columns, or the name of a CSV file. */
const rowsOf = (columns: readonly TagColumn[], description: string): JsonSchema => ({
  description,
  anyOf: [{ type: 'string' }, { type: 'array', items: rowOf(columns) }],
})

const rowOf = (columns: readonly TagColumn[]): JsonSchema => ({
  type: 'object',
  properties: Object.fromEntries(columns.map(({ name, description, json }) => [name, { description, ...json }])),
  required: ['name', 'address', 'type'],
  additionalProperties: false,
})

/** The schema of one tag. */
export const tagJsonSchema = (): JsonSchema => rowOf(TAG_COLUMNS)

/** The schema of what every device, or every sink, has beside the options of its type. */
export function headJsonSchema(kind: 'device' | 'sink', draft: SchemaDraft): JsonSchema {
  const { $schema: _, ...head } = toJsonSchema(kind === 'device' ? deviceSchema : sinkSchema, draft)
  return head
}

const TAGS = rowsOf(TAG_COLUMNS, 'The name of a CSV file beside this one, or a list.')

const listOf = (items: JsonSchema, description: string): JsonSchema => ({ type: 'array', description, items })

/** One entry of `devices` or `sinks`: the named type decides what `options` may hold. */
function plugIns(
  head: z.ZodObject,
  key: 'driver' | 'sink' | 'receiver',
  types: readonly { readonly name: string; readonly summary: string; readonly options: Schema }[],
  draft: SchemaDraft,
  extra: JsonSchema,
): JsonSchema {
  const { $schema: _, ...entry } = toJsonSchema(head, draft)
  const named = {
    type: 'string',
    enum: types.map((type) => type.name),
    description: types.map((type) => `${type.name}: ${type.summary}`).join('\n'),
  }
  return {
    ...entry,
    properties: { ...(entry.properties as JsonSchema), [key]: named, ...extra },
    allOf: types.map((type) => ({
      if: { properties: { [key]: { const: type.name } }, required: [key] },
      // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
      then: optionsOf(type.options, draft),
    })),
  }
}

function optionsOf(options: Schema, draft: SchemaDraft): JsonSchema {
  const whole = optionsJsonSchema(options, draft)
  const needed = 'required' in whole || 'anyOf' in whole // one of several options has to be there
  return { properties: { options: whole }, ...(needed ? { required: ['options'] } : {}) }
}

/** The schema of the options of a driver or a sink, where a secret may come as a file. */
export function optionsJsonSchema(options: Schema, draft: SchemaDraft): JsonSchema {
  const { $schema: _, ...schema } = toJsonSchema(options, draft)
  const properties = { ...(schema.properties as JsonSchema) }
  let required = (schema.required as string[] | undefined) ?? []
  for (const [name, option] of Object.entries(options.shape)) {
    if (!isSecret(option)) continue
    properties[`${name}File`] ??= { type: 'string', description: `A file that holds ${name}; relative to this one.` }
    required = required.filter((one) => one !== name) // it may come as a file
  }
  const whole: JsonSchema = { ...schema, properties, required }
  if (required.length === 0) delete whole.required
  return whole
}

const toJsonSchema = (schema: z.ZodType, draft: SchemaDraft): JsonSchema =>
  z.toJSONSchema(schema, {
    target: draft === 'draft-07' ? 'draft-07' : 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // The loader refuses unknown keys at every depth, whether or not the schema says so.
      if (zodSchema._zod.def.type === 'object') jsonSchema.additionalProperties ??= false
    },
  })

const REFERENCE = { type: 'string', pattern: '\\$\\{' }

/** Lets `port: ${PORT}` stand wherever a number, a truth value or one of some words is wanted. */
function allowReferences(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(allowReferences)
  if (typeof schema !== 'object' || schema === null) return schema
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, LITERAL_KEYS.has(key) ? value : allowReferences(value)]),
  )
  const { type, description } = inner
  const closed = type === 'number' || type === 'integer' || type === 'boolean' || (type === 'string' && hasRule(inner))
  if (!closed) return inner
  return {
    ...(description === undefined ? {} : { description }),
    ...('default' in inner ? { default: inner.default } : {}),
    anyOf: [inner, REFERENCE],
  }
}

const LITERAL_KEYS = new Set(['default', 'enum', 'const', 'examples', 'required', 'if'])
const hasRule = (schema: JsonSchema): boolean => 'enum' in schema || 'pattern' in schema || 'format' in schema
