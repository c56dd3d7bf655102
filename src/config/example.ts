/**
 * A device or sink as it would stand in a file: what the shortest example of this package sets, and every other option as a comment with its
 * default and what it means. Derived from the schemas, so that no option can be missing.
 */
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import type { DriverType, Schema } from '../core/driver.ts'
import type { SinkType } from '../core/sink.ts'
import { wrapped } from '../core/wrapped-text.ts'
import { DATA_TYPES } from '../core/value.ts'
import { flowText } from './edit/scalar-text.ts'
import type { Plain } from './edit/yaml-edit.ts'

interface JsonOption {
  readonly description?: string
  readonly default?: unknown
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonOption[]
  readonly properties?: Readonly<Record<string, JsonOption>>
}

/** `examples`: texts of YAML files to take values from. */
export function exampleOfDriver(type: DriverType, examples: readonly string[]): string {
  const options = optionLines(type.options, shortest(examples, 'devices', 'driver', type.name))
  const tags = type.addressExamples.slice(0, 3).flatMap((address, at) => tagLine(type, address, at + 1))
  return `# ${type.summary}
version: 1
devices:
  - name: ${type.name}-1
    driver: ${type.name}
${options}    # How often the tags are read, where they say nothing else.
    every: 1s
    tags:
${tags.join('')}`
}

/** See `exampleOfDriver`. */
export function exampleOfSink(type: SinkType, examples: readonly string[]): string {
  const options = optionLines(type.options, shortest(examples, 'sinks', 'sink', type.name))
  return `# ${type.summary}
version: 1
sinks:
  - name: ${type.name}-1
    sink: ${type.name}
${options}`
}

/** A tag of a type that fits its address; none where the address alone does not say enough. */
function tagLine(type: DriverType, address: string, number: number): string[] {
  const parsed = type.parseAddress(address)
  const settings = { name: `tag-${number}`, address, everyMs: 1000, clamp: false, writable: false }
  const fitting = type.tagDefaults?.(parsed)?.type
  const fits = [...(fitting === undefined ? [] : [fitting]), 'float32' as const, ...DATA_TYPES].find(
    (one) => type.check?.(parsed, { ...settings, type: one }) === undefined,
  )
  if (fits === undefined) return []
  return [`      - ${flowText({ name: settings.name, address, type: fits })}\n`]
}

/** The options of the entry with the fewest of them. */
function shortest(examples: readonly string[], list: string, key: string, name: string): Record<string, Plain> {
  const entries = examples.flatMap((text) => {
    const root = parse(text) as Record<string, unknown> | null
    const given = root?.[list]
    return Array.isArray(given) ? (given as Record<string, unknown>[]) : []
  })
  const options = entries.filter((one) => one[key] === name).map((one) => (one.options ?? {}) as Record<string, Plain>)
  return options.sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)[0] ?? {}
}

function optionLines(schema: Schema, set: Readonly<Record<string, Plain>>): string {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonOption
  const lines = Object.entries(properties).flatMap(([name, option]) => [
    ...described(option, '      # '),
    ...(Object.hasOwn(set, name) ? setLines(name, set[name]!) : unsetLines(name, option, '      # ')),
  ])
  const isEmpty = Object.keys(set).length === 0
  return `    options:${isEmpty ? ' {}' : ''}\n${lines.map((line) => `${line}\n`).join('')}`
}

const setLines = (name: string, value: Plain): string[] =>
  stringify({ [name]: value }, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `      ${line}`)

function unsetLines(name: string, option: JsonOption, prefix: string): string[] {
  const inner = option.properties
  if (inner === undefined || (option.default !== undefined && Object.keys(option.default as object).length > 0))
    return [`${prefix}${name}: ${valueOf(option)}`]
  return [
    `${prefix}${name}:`,
    ...Object.entries(inner).flatMap(([key, one]) => [
      ...described(one, `${prefix}  # `),
      ...unsetLines(key, one, `${prefix}  `),
    ]),
  ]
}

const described = ({ description = '' }: JsonOption, prefix: string): string[] =>
  description === '' ? [] : wrapped(description, 100).map((line) => `${prefix}${line}`)

function valueOf(option: JsonOption): string {
  if (option.default !== undefined) return flowText(option.default as Plain)
  const words = option.enum ?? option.anyOf?.flatMap((one) => one.enum ?? []) ?? []
  if (words.length > 0) return `# one of ${words.map(String).join(', ')}`
  const types = [option.type ?? option.anyOf?.map((one) => one.type ?? '') ?? []].flat(2).filter((one) => one !== '')
  return `# ${types.length === 0 ? 'not set' : `${types.join(' or ')}, not set`}`
}
