/**
 * Makes docs/reference/ and the types of the API's client from the code: drivers, sinks, configuration, commands, errors, statuses, metrics. `--check` writes nothing and fails when a page
 * is not what the code says.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { COMMANDS, type CommandInfo } from '../src/cli/commands.ts'
import { toolCommands } from '../src/cli/tool-commands.ts'
import { deviceSchema, fileSchema, sinkSchema } from '../src/config/file-schema.ts'
import { receiverTypes } from '../src/alerts/receivers.ts'
import { accessSchema, oidcSchema } from '../src/config/access.ts'
import { assetSchema, shiftSchema } from '../src/config/assets.ts'
import { alertsSchema, heartbeatSchema, receiverSchema } from '../src/config/alerts.ts'
import { receiveClientSchema, receiveSchema } from '../src/config/receive.ts'
import { PARAMETER_COLUMNS } from '../src/config/parameter-columns.ts'
import { parameterSetSchema } from '../src/config/parameter-sets.ts'
import { TAG_COLUMNS, type TagColumn } from '../src/config/tag-columns.ts'
import type { Schema } from '../src/core/driver.ts'
import { ERRORS } from '../src/core/errors.ts'
import { PERMISSIONS, ROLES, type Permission } from '../src/core/permissions.ts'
import { STATUS_TABLE, sparkplugQuality, statusHex } from '../src/core/status.ts'
import { drivers } from '../src/drivers/index.ts'
import { readMatrix } from '../src/http/auth/matrix.ts'
import { metricsTable, type MetricInfo } from '../src/observe/metrics.ts'
import { sinks } from '../src/sinks/index.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'reference')

/** Sections of the file with settings of their own. */
const SECTIONS = [
  'log',
  'http',
  'store',
  'secrets',
  'audit',
  'writes',
  'network',
  'discovery',
  'reports',
  'tracing',
] as const

/** Every reference page by its file name. */
export function referencePages(): Record<string, string> {
  return {
    'drivers.md': page('Drivers', drivers.map(driverSection)),
    'sinks.md': page(
      'Sinks',
      sinks.map((sink) => `## ${sink.name}\n\n${sink.summary}\n\n${optionsTable(sink.options)}`),
    ),
    'configuration.md': page('Configuration', [
      `## The file\n\n${optionsTable(fileSchema)}`,
      ...SECTIONS.map((name) => `## ${name}\n\n${optionsTable(innerOf(name))}`),
      `## A device\n\nIts options are those of its [driver](drivers.md).\n\n${optionsTable(deviceSchema)}`,
      `## A tag\n\nThe columns of a CSV file and the keys of an inline list.\n\n${columnsTable(TAG_COLUMNS)}`,
      `## A parameter set\n\nOne of the list \`parameterSets\` of a device: [device parameters](../guide/device-parameters.md).\n\n${optionsTable(parameterSetSchema)}`,
      `## A parameter\n\nThe columns of a CSV file and the keys of an inline list.\n\n${columnsTable(PARAMETER_COLUMNS)}`,
      `## A sink\n\nIts options are those of its [kind](sinks.md).\n\n${optionsTable(sinkSchema)}`,
      `## An asset\n\nOne of the list \`assets\`: [figures](../guide/kpi.md).\n\n${optionsTable(assetSchema)}`,
      `## A shift\n\nOne of the list \`shifts\` of an asset.\n\n${optionsTable(shiftSchema)}`,
      `## access\n\nWho may do what: [accounts](../guide/accounts.md).\n\n${optionsTable(accessSchema)}`,
      `## access.oidc\n\n${optionsTable(oidcSchema)}`,
      `## receive\n\nWhat gateways that run the sink [bifrost](sinks.md#bifrost) send here becomes devices of this one.\n\n${optionsTable(receiveSchema)}`,
      `## A client of receive\n\n${optionsTable(receiveClientSchema)}`,
      `## alerts\n\nWhom the gateway itself tells what goes wrong: [alerts](../guide/alerts.md).\n\n${optionsTable(alertsSchema)}`,
      `## A receiver of alerts\n\n${optionsTable(receiverSchema)}`,
      ...receiverTypes.map((type) => `## Receiver ${type.name}\n\n${type.summary}\n\n${optionsTable(type.options)}`),
      `## alerts.heartbeat\n\n${optionsTable(heartbeatSchema)}`,
    ]),
    'command-line.md': page(
      'Command line',
      [...COMMANDS, ...toolCommands(drivers)].flatMap((info) => commandSections(info, 'bifrost')),
    ),
    'errors.md': page('Errors', [errorsTable()]),
    'status-codes.md': page('Status codes', [statusTable()]),
    'authorization.md': page('Authorization', [permissionsTable(), matrixTable()]),
    'metrics.md': page('Metrics', [metricsReference()]),
  }
}

function driverSection(driver: (typeof drivers)[number]): string {
  const examples = driver.addressExamples.map(
    (text) => `\`${text}\` (${driver.describeAddress(driver.parseAddress(text))})`,
  )
  return `## ${driver.name}\n\n${driver.summary}\n\nAddresses, for example: ${examples.join(', ')}.\n\n${optionsTable(driver.options)}`
}

/** The schema of a part of the file, without its default. */
function innerOf(name: (typeof SECTIONS)[number]): Schema {
  return fileSchema.shape[name].unwrap()
}

function columnsTable(columns: readonly TagColumn[]): string {
  const rows = columns.map(({ name, json, description }) => [code(name), typeOf(json as JsonProperty), description])
  return table(['column', 'type', 'meaning'], rows)
}

function permissionsTable(): string {
  const names = Object.keys(PERMISSIONS) as Permission[]
  const roles = Object.keys(ROLES) as (keyof typeof ROLES)[]
  const rows = names.map((name) => [
    code(name),
    PERMISSIONS[name].means,
    PERMISSIONS[name].scoped ? 'devices, areas' : '',
    ...roles.map((role) => ((ROLES[role] as readonly Permission[]).includes(name) ? 'yes' : '')),
  ])
  const text =
    'Nothing is allowed that was not granted. Roles of your own are sets of these permissions: [accounts](../guide/accounts.md).'
  return `## Permissions and roles\n\n${text}\n\n${table(['permission', 'allows to', 'can be limited to', ...roles], rows)}`
}

function matrixTable(): string {
  const rows = readMatrix().map(({ method, path, permission, least }) => [method, code(path), code(permission), least])
  const text =
    'What each route asks, and the least of the built-in roles that may. The list is kept by hand beside the code; `src/http/auth/matrix.test.ts` asks every route by every method as everybody, and compares. What belongs to a device that somebody may not see is answered as if it did not exist.'
  return `## Routes\n\n${text}\n\n${table(['method', 'route', 'permission', 'from'], rows)}`
}

function commandSections(info: CommandInfo, parent: string): string[] {
  const { usage, summary, description = '', examples, options = [], commands = [] } = info
  const lines = examples.map(([line, meaning]) => `# ${meaning}\n${line}`).join('\n\n')
  const rows = options.map(([flags, meaning, fallback]) => [
    code(flags),
    fallback === undefined ? '' : code(fallback),
    meaning,
  ])
  const parts = [
    `## ${parent} ${usage}`,
    `${summary[0]!.toUpperCase()}${summary.slice(1)}. ${description}`.trim(),
    `\`\`\`sh\n${lines}\n\`\`\``,
    ...(rows.length === 0 ? [] : [table(['option', 'default', 'meaning'], rows)]),
  ]
  const inner = `${parent} ${usage.split(' ')[0]}`
  return [parts.join('\n\n'), ...commands.flatMap((command) => commandSections(command, inner))]
}

const page = (title: string, sections: readonly string[]): string =>
  `# ${title}\n\nMade from the code by \`npm run docs\`; edit the code, not this page.\n\n${sections.join('\n\n')}\n`

interface JsonProperty {
  type?: string | string[]
  description?: string
  default?: unknown
  enum?: unknown[]
  anyOf?: JsonProperty[]
  properties?: Record<string, JsonProperty>
  required?: string[]
}

function optionsTable(schema: Schema): string {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonProperty
  return table(['option', 'type', 'default', 'meaning'], optionRows(json, ''))
}

/** One row an option; those of a group follow it as `group.option`. */
function optionRows(schema: JsonProperty, prefix: string): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const missing = schema.required?.includes(name) === true ? 'required' : ''
    const fallback = property.default === undefined ? missing : code(property.default)
    const row = [code(prefix + name), typeOf(property), fallback, property.description ?? '']
    return [row, ...optionRows(property, `${prefix}${name}.`)]
  })
}

function typeOf(property: JsonProperty): string {
  if (property.enum !== undefined) return property.enum.map(code).join(', ')
  if (property.anyOf !== undefined) return [...new Set(property.anyOf.map(typeOf))].join(' or ')
  return [property.type ?? ''].flat().join(' or ')
}

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``

function errorsTable(): string {
  const rows = Object.entries(ERRORS).map(([name, info]) => [
    `<a id="${name}"></a>${code(name)}`,
    String(info.http),
    info.retry ? 'yes' : 'no',
    info.title,
    info.help,
  ])
  return table(['code', 'HTTP', 'retry helps', 'what', 'next step'], rows)
}

function statusTable(): string {
  const rows = STATUS_TABLE.map((info) => [
    code(info.name),
    code(statusHex(info.code)),
    String(sparkplugQuality(info.code)),
    info.text,
  ])
  return table(['status', 'code', 'Sparkplug quality', 'meaning'], rows)
}

function metricsReference(): string {
  const rows = metricsTable.map((metric) => [
    code(metric.name),
    metric.type,
    metric.labels.map(code).join(', '),
    metric.help,
  ])
  const histograms = metricsTable.flatMap(({ name, buckets }: MetricInfo) =>
    buckets === undefined ? [] : [{ name, buckets }],
  )
  const asked = metricsTable.flatMap(({ name, query }: MetricInfo) =>
    query === undefined ? [] : [[code(name), code(query)]],
  )
  return [
    'Names, types and labels of what `GET /metrics` answers, in the text format of Prometheus or as OpenMetrics where the scraper prefers it. There is no series per tag. Beyond `http.metrics.maxDevices` devices their series are summed under `device="_other"`, and `bifrost_metrics_series_dropped` says how many were left out. `process_*` and `nodejs_*` come besides.',
    table(['metric', 'type', 'labels', 'meaning'], rows),
    '## Buckets',
    'Upper bounds in seconds; `+Inf` besides. OpenMetrics has the trace of a request beside its bucket, where it was traced.',
    table(
      ['histogram', 'buckets'],
      histograms.map(({ name, buckets }) => [code(name), buckets.join(' · ')]),
    ),
    '## Queries',
    'What to ask of the more important ones.',
    table(['metric', 'query'], asked),
  ].join('\n\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.main) {
  const { writeClient } = await import('./generate-client.ts')
  const { writeMonitoring } = await import('./generate-monitoring.ts')
  const isMonitoringCurrent = writeMonitoring(process.argv.includes('--check'))
  const { writeDashboards } = await import('./generate-dashboards.ts')
  const isClientStale = await writeClient(process.argv.includes('--check'))
  const { writeApiPage } = await import('./api-reference.ts')
  const isApiStale = await writeApiPage(process.argv.includes('--check'))
  const areDashboardsCurrent = writeDashboards(process.argv.includes('--check'))
  const stale = Object.entries(referencePages()).filter(([name, text]) => {
    const path = join(folder, name)
    return !existsSync(path) || readFileSync(path, 'utf8') !== text
  })
  if (process.argv.includes('--check')) {
    for (const [name] of stale) console.error(`docs/reference/${name} is not what the code says: run npm run docs`)
    if (isClientStale) console.error('ui/src/api/operations.ts is not what the code says: run npm run docs')
    if (isApiStale) console.error('docs/reference/api.md is not what the code says: run npm run docs')
    process.exitCode =
      stale.length === 0 && !isClientStale && !isApiStale && isMonitoringCurrent && areDashboardsCurrent ? 0 : 5
  } else {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of stale) writeFileSync(join(folder, name), text)
    console.log(`docs/reference: ${stale.length} of ${Object.keys(referencePages()).length} pages written`)
    if (isClientStale) console.log('ui/src/api/operations.ts: written')
    if (isApiStale) console.log('docs/reference/api.md: written')
  }
}
