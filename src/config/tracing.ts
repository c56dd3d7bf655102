/**
 * `tracing`: where spans go and how many are recorded. The environment of OpenTelemetry (OTEL_*, with the twins of secrets, `…_FILE`) goes
 * before what the file says. Off unless one of them names a collector.
 */
import { z } from 'zod'
import { duration } from '../core/duration.ts'
import { httpUrl } from '../core/http-options.ts'
import { messageOf } from '../core/errors.ts'
import { tlsOptions } from '../core/tls-options.ts'
import type { SamplerConfig, TracingConfig } from '../core/trace-config.ts'
import { readVariable, type Environment } from './environment.ts'

const PROTOCOLS = ['http/protobuf', 'http/json'] as const
const HEADER = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const DEFAULT_RATIO = 0.01
const TIMEOUT_MS = 10_000
/** The defaults of OTEL_BSP_*. */
const BATCH = { queueSpans: 2048, batchSpans: 512, everyMs: 5000 }
/** The most that OTEL_BSP_MAX_QUEUE_SIZE may ask for: about 1 KiB each. */
const MOST_SPANS = 65_536

const ratioSchema = z
  .union([z.number(), z.string()])
  .transform((given, context): number => {
    const ratio = ratioOf(String(given))
    if (ratio !== undefined) return ratio
    context.addIssue({ code: 'custom', message: 'expected a part of all such as 1% or 0.01' })
    return z.NEVER
  })
  .meta({ examples: ['1%', 0.01] })

export const tracingSchema = z.object({
  endpoint: httpUrl()
    .optional()
    .describe(
      'Where spans go by OTLP/HTTP, such as http://127.0.0.1:4318; /v1/traces is put behind it. Nothing is recorded where absent.',
    ),
  sample: ratioSchema
    .prefault('1%')
    .describe(
      'How many polls are recorded, and how many requests whose sender says nothing of it: a part of all such as 1% or 0.01.',
    ),
  headers: z
    .string()
    .optional()
    .describe(
      'Headers of every request, as in OTEL_EXPORTER_OTLP_HEADERS: `Authorization=Bearer%20TOKEN,X-Scope=plant`.',
    )
    .meta({ secret: true }),
  protocol: z.enum(PROTOCOLS).default('http/protobuf').describe('How spans are encoded.'),
  timeout: duration({ minMs: 100, maxMs: 300_000 })
    .prefault('10s')
    .describe('How long the collector may take to answer.'),
  ...tlsOptions,
})

export type TracingSection = z.output<typeof tracingSchema>

/** Hears what is wrong with a variable. */
type Complain = (name: string, message: string) => void

/** Undefined: nothing is recorded. */
export function tracingOf(
  section: TracingSection | undefined,
  env: Environment,
  complain: Complain,
): TracingConfig | undefined {
  const read = (name: string): string | undefined => readVariable(name, env)?.trim() || undefined
  const ofTraces = (name: string): [string, string] | undefined => {
    for (const full of [`OTEL_EXPORTER_OTLP_TRACES_${name}`, `OTEL_EXPORTER_OTLP_${name}`]) {
      const value = read(full)
      if (value !== undefined) return [full, value]
    }
    return undefined
  }
  if (read('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || read('OTEL_TRACES_EXPORTER') === 'none') return undefined
  const url = urlOf(section?.endpoint, read, complain)
  if (url === undefined) return undefined
  const [headersFrom, headers] = ofTraces('HEADERS') ?? ['tracing.headers', section?.headers ?? '']
  const [protocolFrom, protocol] = ofTraces('PROTOCOL') ?? ['', section?.protocol ?? PROTOCOLS[0]]
  const known = PROTOCOLS.find((one) => one === protocol)
  if (known === undefined) complain(protocolFrom, `expected one of ${PROTOCOLS.join(', ')}`)
  const number = (name: string, most: number, otherwise: number): number => {
    const text = read(name)
    if (text === undefined) return otherwise
    if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= most) return Number(text)
    complain(name, `expected a whole number from 1 to ${most}`)
    return otherwise
  }
  const timeoutFrom = ofTraces('TIMEOUT')?.[0]
  const queueSpans = number('OTEL_BSP_MAX_QUEUE_SIZE', MOST_SPANS, BATCH.queueSpans)
  return {
    url,
    headers: pairsOf(headers, headersFrom, complain, HEADER),
    protocol: known ?? PROTOCOLS[0],
    isCompressed: ofTraces('COMPRESSION')?.[1] === 'gzip',
    tls: {
      ca: ofTraces('CERTIFICATE')?.[1] ?? section?.ca,
      cert: ofTraces('CLIENT_CERTIFICATE')?.[1] ?? section?.cert,
      key: ofTraces('CLIENT_KEY')?.[1] ?? section?.key,
      insecure: section?.insecure ?? false,
    },
    timeoutMs: timeoutFrom === undefined ? (section?.timeout ?? TIMEOUT_MS) : number(timeoutFrom, 300_000, TIMEOUT_MS),
    sampler: samplerOf(section?.sample ?? DEFAULT_RATIO, read, complain),
    resource: resourceOf(read, complain),
    queueSpans,
    batchSpans: Math.min(queueSpans, number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', MOST_SPANS, BATCH.batchSpans)),
    everyMs: number('OTEL_BSP_SCHEDULE_DELAY', 3_600_000, BATCH.everyMs),
  }
}

/** OTLP 1.9, "Endpoint URLs for OTLP/HTTP": the one of traces as it stands, the common one with a path behind it. */
function urlOf(
  endpoint: string | undefined,
  read: (name: string) => string | undefined,
  complain: Complain,
): string | undefined {
  const whole = read('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT')
  const base = read('OTEL_EXPORTER_OTLP_ENDPOINT') ?? endpoint
  if (whole === undefined && base === undefined) return undefined
  const url = whole ?? `${base!.replace(/\/+$/, '')}/v1/traces`
  const name = whole === undefined ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
  const fault = httpUrl().safeParse(url).error?.issues[0]?.message
  if (fault !== undefined) complain(name, fault)
  return fault === undefined ? url : undefined
}

const SAMPLERS: Readonly<Record<string, (ratio: number) => SamplerConfig>> = {
  always_on: () => ({ ratio: 1, follows: false }),
  always_off: () => ({ ratio: 0, follows: false }),
  traceidratio: (ratio) => ({ ratio, follows: false }),
  parentbased_always_on: () => ({ ratio: 1, follows: true }),
  parentbased_always_off: () => ({ ratio: 0, follows: true }),
  parentbased_traceidratio: (ratio) => ({ ratio, follows: true }),
}

function samplerOf(ratio: number, read: (name: string) => string | undefined, complain: Complain): SamplerConfig {
  const name = read('OTEL_TRACES_SAMPLER') ?? 'parentbased_traceidratio'
  const argument = read('OTEL_TRACES_SAMPLER_ARG')
  const given = argument === undefined ? ratio : ratioOf(argument)
  if (given === undefined) complain('OTEL_TRACES_SAMPLER_ARG', 'expected a number from 0 to 1')
  const sampler = Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined
  if (sampler === undefined) complain('OTEL_TRACES_SAMPLER', `expected one of ${Object.keys(SAMPLERS).join(', ')}`)
  // OTEL_TRACES_SAMPLER without its argument: all of them, as the specification has it.
  const named = read('OTEL_TRACES_SAMPLER') === undefined || argument !== undefined
  return sampler?.(named ? (given ?? ratio) : 1) ?? { ratio, follows: true }
}

function resourceOf(read: (name: string) => string | undefined, complain: Complain): Record<string, string> {
  const attributes = pairsOf(read('OTEL_RESOURCE_ATTRIBUTES') ?? '', 'OTEL_RESOURCE_ATTRIBUTES', complain)
  return { 'service.name': 'bifrost', ...attributes, ...nameOf(read('OTEL_SERVICE_NAME')) }
}

const nameOf = (name: string | undefined): Record<string, string> =>
  name === undefined ? {} : { 'service.name': name }

/** `name=value,name=value`, percent-encoded. What is wrong is told without the text, which may be secret. */
function pairsOf(text: string, from: string, complain: Complain, names = /^[^\s=,]+$/): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(0, at)).trim()
    try {
      const value = decodeURIComponent(part.slice(at + 1).trim())
      if (names.test(name) && !/[\r\n\0]/.test(value)) pairs[name] = value
      else complain(from, 'expected name=value,name=value, with values percent-encoded')
    } catch (error) {
      complain(from, `expected values to be percent-encoded: ${messageOf(error)}`)
    }
  }
  return pairs
}

/** Of `1%` or `0.01`. */
function ratioOf(text: string): number | undefined {
  const [, digits, percent] = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*(%?)\s*$/.exec(text) ?? []
  if (digits === undefined) return undefined
  const ratio = percent === '%' ? Number(digits) / 100 : Number(digits)
  return ratio <= 1 ? ratio : undefined
}
