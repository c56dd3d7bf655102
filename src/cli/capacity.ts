/** `bifrost capacity`: what the gateway uses of what there is; with a Prometheus, when that will be all. */
import { readVariable } from '../config/environment.ts'
import { openPrometheus } from '../report/prometheus.ts'
import { exhaustionOf, type Trend } from '../report/exhaustion.ts'
import { count, percent, span } from '../report/words.ts'
import { api, gatewayUrl } from './api-client.ts'
import { textOption, type Call } from './call.ts'
import { Exit } from './exit-code.ts'
import { prometheusUrl } from './slo-report.ts'

interface Capacity {
  readonly devices: number
  readonly tags: number
  readonly samplesPerSecond: number | null
  readonly log: { readonly bytes: number; readonly hoursHeld: number | null; readonly hoursLeft: number | null }
  readonly resources: readonly {
    readonly resource: string
    readonly used: number
    readonly limit: number
    readonly ratio: number
  }[]
}

export async function run(call: Call): Promise<number> {
  const { terminal } = call
  const base = gatewayUrl(call)
  const capacity = await api<Capacity>(base, 'capacity')
  const trends = await trendsOf(call, base)
  if (terminal.json) {
    terminal.resultJson(trends === undefined ? capacity : { ...capacity, trends })
    return Exit.ok
  }
  const { devices, tags, samplesPerSecond, log, resources } = capacity
  terminal.result(`devices    ${count(devices)}, ${count(tags)} tags`)
  terminal.result(`samples    ${samplesPerSecond === null ? 'not known yet' : `${count(samplesPerSecond)} a second`}`)
  terminal.result(`log        ${bytes(log.bytes)}; a sink may be away for ${hours(log.hoursHeld)}`)
  terminal.result('')
  for (const { resource, used, limit, ratio } of resources) {
    const trend = trends?.find((one) => one.resource === resource)
    const amount = AMOUNTS[resource] ?? percent
    const line = `${resource.padEnd(18)} ${percent(ratio, 1).padStart(8)}   ${amount(used)} of ${amount(limit)}`
    terminal.result(trend === undefined ? line : `${line}   ${trendText(trend)}`)
  }
  return Exit.ok
}

async function trendsOf(call: Call, base: string): Promise<Trend[] | undefined> {
  if (textOption(call, 'prometheus') === undefined) return undefined
  const token = readVariable('BIFROST_PROMETHEUS_TOKEN', call.env)
  const prometheus = openPrometheus({ url: prometheusUrl(call), token })
  const instance = textOption(call, 'instance') ?? new URL(base).host
  return exhaustionOf(prometheus, instance, Date.now(), AbortSignal.timeout(60_000))
}

const trendText = ({ perDay, fullInMs }: Trend): string => {
  const change = `${perDay >= 0 ? '+' : '-'}${percent(Math.abs(perDay), 2)} a day`
  return fullInMs === undefined ? `${change}: not used up within a year` : `${change}: used up in ${span(fullInMs)}`
}

const hours = (value: number | null): string => (value === null ? 'an unknown time' : span(value * 3_600_000))

const bytes = (value: number): string => {
  const [size, unit] = value >= 2 ** 30 ? [2 ** 30, 'GiB'] : [2 ** 20, 'MiB']
  return `${(value / size).toFixed(1)} ${unit}`
}

const AMOUNTS: Readonly<Record<string, (value: number) => string>> = {
  memory: bytes,
  disk: bytes,
  'file-descriptors': count,
  cpu: (value) => `${value.toFixed(2)} cores`,
  line: (value) => value.toFixed(2),
}
