/**
 * Grafana's own published types (`@grafana/schema`) as JSON Schemas: of a dashboard, and of the options and field settings of the
 * kinds of panel that we use. Unknown keys are errors, so that a misspelt one is found.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import {
  DEFAULT_CONFIG,
  createFormatter,
  createParser,
  createProgram,
  SchemaGenerator,
  type CompletedConfig,
} from 'ts-json-schema-generator'

const TYPES = join(import.meta.dirname, '..', '..', 'node_modules', '@grafana', 'schema', 'dist', 'types', 'raw')
const KINDS = ['stat', 'timeseries', 'table', 'statetimeline'] as const
/** Kinds whose settings of a field are in a type of their own. */
const WITH_FIELD_SETTINGS: readonly string[] = ['timeseries', 'statetimeline', 'table']
/** The Prometheus data source adds these to an annotation; the published type knows only what all data sources have. */
const OF_PROMETHEUS = ['expr', 'step', 'titleFormat', 'textFormat', 'tagKeys', 'useValueForTime']
const GRAFANA_NAMES: Record<string, (typeof KINDS)[number]> = { 'state-timeline': 'statetimeline' }

export interface GrafanaSchema {
  /** What is wrong with a dashboard, as sentences; none when it is right. */
  judge(dashboard: { panels?: readonly { title?: string }[] }): string[]
}

/** Takes some seconds: once a file of tests. `folder` is a scratch folder of the test. */
export function grafanaSchema(folder: string): GrafanaSchema {
  const entry = join(folder, 'entry.ts')
  const names = KINDS.flatMap((kind) => [
    `${kind}Options`,
    ...(WITH_FIELD_SETTINGS.includes(kind) ? [`${kind}Field`] : []),
  ])
  const lines = KINDS.flatMap((kind) => {
    const from = panelTypes(kind)
    const options = `export type ${kind}Options = import('${from}').Options`
    return WITH_FIELD_SETTINGS.includes(kind)
      ? [options, `export type ${kind}Field = import('${from}').FieldConfig`]
      : [options]
  })
  writeFileSync(
    entry,
    [`export type PageOfGrafana = import('${TYPES}/dashboard/x/types.gen').Dashboard`, ...lines].join('\n'),
  )
  const schema = schemas(entry)
  const ajv = new Ajv({ strict: false, allErrors: true })
  const compile = (type: string): ValidateFunction => ajv.compile(schema(type))
  const dashboard = compile('PageOfGrafana')
  const parts = new Map(names.map((name) => [name, compile(name)]))
  return {
    judge(page) {
      const problems = errorsOf(dashboard, page, page.panels ?? [], 'dashboard')
      for (const panel of (page.panels ?? []) as Shown[]) {
        const kind = GRAFANA_NAMES[panel.type] ?? panel.type
        if (kind === 'row') continue
        const options = parts.get(`${kind}Options`)
        if (options === undefined) problems.push(`${panel.title}: no schema for a panel of type ${panel.type}`)
        else problems.push(...errorsOf(options, panel.options, [], `${panel.title} options`))
        const field = parts.get(`${kind}Field`)
        const custom = panel.fieldConfig?.defaults.custom
        if (field !== undefined && custom !== undefined)
          problems.push(...errorsOf(field, custom, [], `${panel.title} field`))
      }
      return problems
    },
  }
}

interface Shown {
  readonly type: string
  readonly title: string
  readonly options: object
  readonly fieldConfig?: { readonly defaults: { readonly custom?: object } }
}

function panelTypes(kind: string): string {
  const file = join(TYPES, 'composable', kind, 'panelcfg', 'x', 'types.gen')
  readFileSync(`${file}.d.ts`)
  return file
}

type SchemaOf = (type: string) => object

/** One program for all types: reading Grafana's types is what takes the time. */
function schemas(path: string): SchemaOf {
  const config: CompletedConfig = { ...DEFAULT_CONFIG, path, skipTypeCheck: true, additionalProperties: false }
  const program = createProgram(config)
  return (type) =>
    schemaOf(new SchemaGenerator(program, createParser(program, config), createFormatter(config), config), type)
}

function schemaOf(generator: SchemaGenerator, type: string): object {
  const schema = generator.createSchema(type)
  const annotation = schema.definitions?.AnnotationQuery
  if (annotation !== undefined && typeof annotation === 'object' && annotation.properties !== undefined)
    for (const name of OF_PROMETHEUS) annotation.properties[name] = {}
  return schema
}

function errorsOf(
  validate: ValidateFunction,
  value: unknown,
  panels: readonly { title?: string }[],
  what: string,
): string[] {
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const index = /^\/panels\/(\d+)/.exec(instancePath)?.[1]
    const panel = index === undefined ? undefined : panels[Number(index)]
    return `${panel?.title ?? what}: ${instancePath} ${message} ${JSON.stringify(params)}`
  })
}
