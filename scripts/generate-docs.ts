/**
 * Makes docs/reference/ from the code: drivers, sinks, configuration, commands, errors, statuses, metrics. `--check` writes nothing and fails when a page
 * is not what the code says.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { COMMANDS, type CommandInfo } from '../src/cli/commands.ts'
import { toolCommands } from '../src/cli/tool-commands.ts'
import { deviceSchema, fileSchema, sinkSchema } from '../src/config/file-schema.ts'
import { accessSchema, oidcSchema } from '../src/config/access.ts'
import { receiveClientSchema, receiveSchema } from '../src/config/receive.ts'
import { TAG_COLUMNS } from '../src/config/tag-columns.ts'
import type { Schema } from '../src/core/driver.ts'
import { ERRORS } from '../src/core/errors.ts'
import { STATUS_TABLE, sparkplugQuality, statusHex } from '../src/core/status.ts'
import { drivers } from '../src/drivers/index.ts'
import { metricsTable } from '../src/observe/metrics.ts'
import { sinks } from '../src/sinks/index.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'reference')

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
      ...(['log', 'http', 'store'] as const).map((name) => `## ${name}\n\n${optionsTable(innerOf(name))}`),
      `## A device\n\nIts options are those of its [driver](drivers.md).\n\n${optionsTable(deviceSchema)}`,
      `## A tag\n\nThe columns of a CSV file and the keys of an inline list.\n\n${columnsTable()}`,
      `## A sink\n\nIts options are those of its [kind](sinks.md).\n\n${optionsTable(sinkSchema)}`,
      `## access\n\nWho may do what: [accounts](../guide/accounts.md).\n\n${optionsTable(accessSchema)}`,
      `## access.oidc\n\n${optionsTable(oidcSchema)}`,
      `## receive\n\nWhat gateways that run the sink [bifrost](sinks.md#bifrost) send here becomes devices of this one.\n\n${optionsTable(receiveSchema)}`,
      `## A client of receive\n\n${optionsTable(receiveClientSchema)}`,
    ]),
    'command-line.md': page(
      'Command line',
      [...COMMANDS, ...toolCommands(drivers)].flatMap((info) => commandSections(info, 'bifrost')),
    ),
    'errors.md': page('Errors', [errorsTable()]),
    'status-codes.md': page('Status codes', [statusTable()]),
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
function innerOf(name: 'log' | 'http' | 'store'): Schema {
  return fileSchema.shape[name].unwrap()
}

function columnsTable(): string {
  const rows = TAG_COLUMNS.map(({ name, json, description }) => [code(name), typeOf(json as JsonProperty), description])
  return table(['column', 'type', 'meaning'], rows)
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
  return table(['metric', 'type', 'labels', 'meaning'], rows)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

if (import.meta.main) {
  const stale = Object.entries(referencePages()).filter(([name, text]) => {
    const path = join(folder, name)
    return !existsSync(path) || readFileSync(path, 'utf8') !== text
  })
  if (process.argv.includes('--check')) {
    for (const [name] of stale) console.error(`docs/reference/${name} is not what the code says: run npm run docs`)
    process.exitCode = stale.length === 0 ? 0 : 5
  } else {
    mkdirSync(folder, { recursive: true })
    for (const [name, text] of stale) writeFileSync(join(folder, name), text)
    console.log(`docs/reference: ${stale.length} of ${Object.keys(referencePages()).length} pages written`)
  }
}
