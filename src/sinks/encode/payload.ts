/**
 * What a message says (field guide §3): the presets, and templates of a person's own. Texts are concatenated around a head
 * that depends on the tag alone and is made once a tag: no object and no JSON.stringify a sample.
 */
import { HISTORICAL, type SampleBatch } from '../../core/batch.ts'
import { GatewayError } from '../../core/errors.ts'
import { isBad, statusName } from '../../core/status.ts'
import type { TagInfo } from '../../core/tags.ts'
import { keyText } from './line-text.ts'
import { fillTemplate, parseTemplate, type Template } from './template.ts'
import { influxField, jsonText, type ValueText } from './value-text.ts'

/** The formats that exist by name; anything else that contains a placeholder is a template. */
export const PAYLOAD_PRESETS = ['uns-json', 'umh', 'neuron-tags', 'telegraf-influx'] as const

/** What a payload template may name. Each stands for a JSON value, quotes included. */
const PAYLOAD_PLACEHOLDERS = [
  'v', 't', 'time', 'q', 'status', 'log', 'seq', 'h', 'device', 'tag', 'unit', 'type',
] as const // prettier-ignore

/** One message a row. */
export interface RowFormat {
  readonly values: ValueText
  /** What depends on the tag alone. */
  head(info: TagInfo): string
  /** `value` is the row's value, or the last one, as `values` writes it. */
  encode(head: string, batch: SampleBatch, row: number, value: string): string
}

/** The format of a preset or template, for one log; `neuron-tags` groups rows and is in `neuron-tags.ts`. */
export function rowFormat(payload: string, logId: string): RowFormat {
  if (payload === 'uns-json') return unsJson(logId)
  if (payload === 'umh') return umh
  if (payload === 'telegraf-influx') return telegrafInflux(logId)
  return templateFormat(parsePayload(payload), logId)
}

/** Parses a payload template; CONFIG_INVALID when it names nothing, or something that does not exist. */
export function parsePayload(text: string): Template {
  const template = parseTemplate(text, PAYLOAD_PLACEHOLDERS)
  if (template.length > 1) return template
  const names = PAYLOAD_PRESETS.join(', ')
  throw new GatewayError(
    'CONFIG_INVALID',
    `payload "${text}" is neither a preset (${names}) nor a template such as {"value":{v}}`,
  )
}

/** `{"v":1.5,"t":1732356000123,"q":0,"log":"k3f9","seq":4711}`, and `"h":true` on historical samples. */
function unsJson(logId: string): RowFormat {
  const log = `,"log":${JSON.stringify(logId)},"seq":`
  return {
    values: jsonText,
    head: () => '',
    encode: (_head, batch, row, value) =>
      `{"v":${value},"t":${timeOf(batch, row)},"q":${batch.status[row]!}${log}${seqOf(batch, row)}${batch.flags[row]! & HISTORICAL ? ',"h":true}' : '}'}`,
  }
}

/** `{"timestamp_ms":…,"value":…}` and nothing else. It has no place for a quality, so a bad one has no value. */
const umh: RowFormat = {
  values: jsonText,
  head: () => '',
  encode: (_head, batch, row, value) =>
    `{"timestamp_ms":${timeOf(batch, row)},"value":${isBad(batch.status[row]!) ? 'null' : value}}`,
}

/** `bifrost,device=press-1,tag=level,log=k3f9 value=1.5,q=0i,seq=4711i 1732356000123000000` */
function telegrafInflux(logId: string): RowFormat {
  return {
    values: influxField,
    head: ({ device, settings }) =>
      `bifrost,device=${tagValue(device)},tag=${tagValue(settings.name)},log=${tagValue(logId)} `,
    encode: (head, batch, row, value) =>
      `${head}${value}q=${batch.status[row]!}i,seq=${seqOf(batch, row)}i ${Math.round(batch.time[row]! * 1000)}000`,
  }
}

function templateFormat(template: Template, logId: string): RowFormat {
  const infos = new Map<string, TagInfo>()
  return {
    values: jsonText,
    head(info) {
      const key = `${info.id}`
      infos.set(key, info)
      return key
    },
    encode: (head, batch, row, value) =>
      fillTemplate(template, (name) => placeholder(name, infos.get(head)!, batch, row, value, logId)),
  }
}

function placeholder(
  name: string,
  info: TagInfo,
  batch: SampleBatch,
  row: number,
  value: string,
  logId: string,
): string {
  switch (name) {
    case 'v':
      return value
    case 't':
      return `${timeOf(batch, row)}`
    case 'time':
      return JSON.stringify(new Date(batch.time[row]!).toISOString())
    case 'q':
      return `${batch.status[row]!}`
    case 'status':
      return JSON.stringify(statusName(batch.status[row]!))
    case 'log':
      return JSON.stringify(logId)
    case 'seq':
      return `${seqOf(batch, row)}`
    case 'h':
      return batch.flags[row]! & HISTORICAL ? 'true' : 'false'
    case 'device':
      return JSON.stringify(info.device)
    case 'tag':
      return JSON.stringify(info.settings.name)
    case 'unit':
      return JSON.stringify(info.settings.unit ?? '')
    default:
      return JSON.stringify(info.settings.type)
  }
}

/** Source time in whole ms since 1970. */
export const timeOf = (batch: SampleBatch, row: number): number => Math.floor(batch.time[row]!)

export const seqOf = (batch: SampleBatch, row: number): number => batch.seq?.[row] ?? 0

/** A tag of line protocol is never empty. */
const tagValue = (text: string): string => keyText(text) || '_'
