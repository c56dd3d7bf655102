/** The JSON Schema of what concerns templates: the list under `templates:`, and devices that are made from one. */
import { TAG_COLUMNS } from '../tag-columns.ts'
import { parameterSchema, templateDeviceSchema, templateInstancesSchema, templateSchema } from './grammar.ts'
import { LIBRARY, libraryNames } from './library.ts'

type JsonSchema = Record<string, unknown>
type ToJson = (schema: typeof templateSchema | typeof parameterSchema | typeof templateDeviceSchema) => JsonSchema

const SCALAR = { type: ['string', 'number', 'boolean'] }

/** `templates:`; `tags` is the schema of a tag list. */
export function templatesJsonSchema(toJson: ToJson, driverNames: readonly string[], tags: JsonSchema): JsonSchema {
  const { properties, ...template } = plain(toJson(templateSchema))
  const parameters = {
    type: 'object',
    additionalProperties: { anyOf: [plain(toJson(parameterSchema)), { type: 'null' }] },
  }
  const own = describedProperties(properties, {
    parameters,
    driver: { type: 'string', enum: driverNames },
    options: { type: 'object' },
    every: { type: ['string', 'number'] },
    tags,
  })
  return {
    type: 'array',
    description: 'Templates of devices: the names of their files, or the templates themselves.',
    items: { anyOf: [{ type: 'string' }, { ...template, properties: own }] },
  }
}

/** A device that names a template: one with a name, or as many as `instances` says. */
export function templateDeviceJsonSchema(toJson: ToJson, parameterSets: JsonSchema): JsonSchema {
  const { properties, required: _, ...device } = plain(toJson(templateDeviceSchema))
  const { instances } = plain(toJson(templateInstancesSchema as never)).properties as JsonSchema
  const columns = TAG_COLUMNS.map(({ name, description, json }) => [
    name,
    {
      description,
      ...json,
      type: [json.type, 'null'].flat(),
      ...('enum' in json ? { enum: [...(json.enum as []), null] } : {}),
    },
  ])
  const enabled = { type: 'boolean', description: 'false: this tag of the template is left out.' }
  const tag = {
    type: 'object',
    properties: { ...Object.fromEntries(columns), enabled },
    required: ['name'],
    additionalProperties: false,
  }
  const instance = { type: 'object', properties: {}, additionalProperties: SCALAR, required: ['name'] }
  const own = describedProperties(
    { ...(properties as JsonSchema), instances },
    {
      template: { type: 'string', examples: libraryNames(LIBRARY) },
      parameters: { type: 'object', additionalProperties: SCALAR },
      options: { type: 'object' },
      tags: { type: 'array', items: tag },
      parameterSets,
      instances: { anyOf: [{ type: 'string' }, { type: 'array', items: instance }] },
    },
  )
  const named = [{ required: ['name'] }, { required: ['instances'] }]
  return { ...device, properties: own, required: ['template'], anyOf: named }
}

/** The properties with some of them told more closely; their descriptions stay. */
function describedProperties(properties: unknown, closer: Record<string, JsonSchema>): JsonSchema {
  const known = properties as Record<string, JsonSchema>
  const own = Object.entries(closer).map(([name, schema]) => [name, { ...known[name], ...schema }])
  return { ...known, ...Object.fromEntries(own) }
}

function plain(schema: JsonSchema): JsonSchema {
  const { $schema: _, ...rest } = schema
  return rest
}
