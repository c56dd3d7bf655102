/**
 * Sparkplug payloads as the independent library `sparkplug-payload` reads them. Data names its metrics by alias and without a type;
 * both are taken from the births before, as a host does.
 */
import { createRequire } from 'node:module'
import { decodePayload, type UMetric } from 'sparkplug-payload/lib/sparkplugbpayload.js'
import type { org } from 'sparkplug-payload/lib/sparkplugPayloadProto.js'
import { toJsonValue } from '../core/value.ts'

const proto = createRequire(import.meta.url)('sparkplug-payload/lib/sparkplugPayloadProto.js') as { org: typeof org }
const { Payload } = proto.org.eclipse.tahu.protobuf

const UINT32 = 7

export interface DecodedMetric {
  /** Its own, or that of its alias. */
  readonly name: string
  /** As sent: absent in data with aliases. */
  readonly sentName: string | undefined
  readonly alias: number | undefined
  readonly type: string
  /** As sent: absent in data. */
  readonly sentType: number | undefined
  /** As JSON has it; int64 as decimal string, bytes as base64. */
  readonly value: unknown
  readonly isNull: boolean
  readonly timestamp: number | undefined
  readonly isHistorical: boolean
  readonly properties: Readonly<Record<string, { readonly type: string; readonly value: unknown }>>
  /** Whether the field of the value is there at all. */
  readonly hasValue: boolean
}

export interface DecodedPayload {
  readonly timestamp: number | undefined
  /** Undefined where there is none. */
  readonly seq: number | undefined
  readonly uuid: string | undefined
  readonly body: Uint8Array | undefined
  readonly metrics: readonly DecodedMetric[]
}

const own = (object: object, key: string): boolean => Object.hasOwn(object, key)
const numberOf = (value: unknown): number => Number(String(value))

export class SparkplugDecoder {
  /** By alias, over the whole edge node. */
  readonly #known = new Map<number, { name: string; datatype: number }>()
  /** By device and name, for data without aliases. */
  readonly #types = new Map<string, number>()

  decode(topic: string, bytes: Uint8Array): DecodedPayload {
    const [, , type = '', , device = ''] = topic.split('/')
    const raw = Payload.decode(bytes)
    const sent = (raw.metrics ?? []).map((metric) => ({
      name: own(metric, 'name') ? metric.name! : undefined,
      alias: own(metric, 'alias') ? numberOf(metric.alias) : undefined,
      datatype: own(metric, 'datatype') ? metric.datatype! : undefined,
    }))
    for (const [at, metric] of (raw.metrics ?? []).entries()) {
      const { name, alias, datatype } = sent[at]!
      if (type.endsWith('BIRTH')) {
        if (alias !== undefined) this.#known.set(alias, { name: name!, datatype: datatype! })
        this.#types.set(`${device}/${name}`, datatype!)
      } else {
        const known = alias === undefined ? undefined : this.#known.get(alias)
        metric.name = name ?? known?.name ?? `unknown alias ${alias}`
        metric.datatype = datatype ?? known?.datatype ?? this.#types.get(`${device}/${name}`) ?? 0
      }
      // The library looks for a UInt32 in long_value alone; the specification has it in int_value.
      if (metric.datatype === UINT32 && own(metric, 'intValue')) {
        metric.longValue = metric.intValue!
        delete metric.intValue
      }
    }
    const { metrics = [] } = decodePayload(Payload.encode(raw).finish())
    return {
      timestamp: own(raw, 'timestamp') ? numberOf(raw.timestamp) : undefined,
      seq: own(raw, 'seq') ? numberOf(raw.seq) : undefined,
      uuid: own(raw, 'uuid') ? raw.uuid : undefined,
      body: own(raw, 'body') ? raw.body : undefined,
      metrics: (metrics ?? []).map((metric, at) => ({ ...plain(metric), ...sentOf(sent[at]!, raw.metrics[at]!) })),
    }
  }
}

function sentOf(
  sent: { name: string | undefined; alias: number | undefined; datatype: number | undefined },
  metric: object,
) {
  const fields = ['intValue', 'longValue', 'floatValue', 'doubleValue', 'booleanValue', 'stringValue', 'bytesValue']
  return {
    sentName: sent.name,
    alias: sent.alias,
    sentType: sent.datatype,
    hasValue: fields.some((field) => own(metric, field)),
  }
}

function plain(metric: UMetric) {
  const properties = Object.entries(metric.properties ?? {}).map(([key, { type, value }]) => {
    return [key, { type, value: jsonOf(value, type) }] as const
  })
  return {
    name: metric.name ?? '',
    type: metric.type,
    value: jsonOf(metric.value, metric.type),
    isNull: metric.value === null,
    timestamp: metric.timestamp === undefined || metric.timestamp === null ? undefined : numberOf(metric.timestamp),
    isHistorical: metric.isHistorical === true,
    properties: Object.fromEntries(properties),
  }
}

/** 64 bits come as an object of the library `long`. */
function jsonOf(value: unknown, type: string): unknown {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array || typeof value !== 'object') return toJsonValue(value as string)
  const digits = (value as { toString(): string }).toString()
  if (type === 'UInt32') return Number(digits) >>> 0
  return (type === 'UInt64' ? BigInt.asUintN(64, BigInt(digits)) : BigInt.asIntN(64, BigInt(digits))).toString()
}

/** The sequence numbers of a DDATA's samples, as the sink's README says to read them. */
export function sequenceOf({ uuid, body, metrics }: DecodedPayload): { log: string; seqs: number[] } {
  const log = uuid?.startsWith('bifrost-seq:') === true ? uuid.slice('bifrost-seq:'.length) : ''
  const seqs: number[] = []
  let at = 0
  for (const { properties } of metrics) {
    if (properties.Seq !== undefined) {
      seqs.push(Number(properties.Seq.value))
      continue
    }
    let number = 0
    let scale = 1
    for (;;) {
      const byte = body![at++]!
      number += (byte & 0x7f) * scale
      scale *= 128
      if (byte < 0x80) break
    }
    const before = seqs.at(-1)
    if (before === undefined) seqs.push(number)
    else seqs.push(before + (number % 2 === 0 ? number / 2 : -(number + 1) / 2))
  }
  return { log, seqs }
}
