/**
 * The load that a configuration means, before anything is connected: requests and use of each line, samples of each device, what the log
 * takes and for how long, and what each sink has to take. Upper bounds: each tag is read at its interval and each value is stored; what only a
 * device can tell is said to be not known. The assumptions come along with the figures.
 */
import type { DriverType } from '../../core/driver.ts'
import type { PollEstimate } from '../../core/poll-estimate.ts'
import type { TagSettings } from '../../core/tags.ts'
import type { Config, DeviceConfig, SinkConfig, TagConfig } from '../config.ts'

/** What an estimate takes for granted. */
export interface Assumptions {
  /** From a request to its answer on a network, and how long a device on a serial line takes to answer, ms. */
  readonly roundTripMs: number
}

export const ASSUMED: Assumptions = { roundTripMs: 20 }

/**
 * What the log takes, measured with float32 that change in every sample (`store/FORMAT.md`): about 3.5 bytes a sample and 95 bytes a commit
 * with 1 to 20,000 samples. A text or bytes tag takes about its length.
 */
const BYTES_PER_SAMPLE = 3.5
const BYTES_PER_COMMIT = 95
const USUAL_TEXT_BYTES = 20

export interface DeviceLoad {
  readonly device: string
  readonly driver: string
  /** Of a device that is not enabled: its tags are not read. */
  readonly enabled: boolean
  readonly tags: number
  readonly line: string
  /** At most: as often as the tags are read. */
  readonly samplesPerSecond: number
  /** Undefined: not known, and `unknown` says why. */
  readonly requestsPerSecond: number | undefined
  readonly unknown?: string | undefined
}

export interface LineLoad {
  /** Socket or serial port: `tcp://10.0.0.5:502`. */
  readonly line: string
  readonly devices: readonly string[]
  /** Of the devices whose requests are known; undefined where none is. */
  readonly requestsPerSecond: number | undefined
  /** 0…; above 1 the line cannot do it. Of the devices whose requests are known. */
  readonly utilisation: number | undefined
  readonly inFlight: number | undefined
  /** Devices whose requests are not known, so that they are missing in both figures. */
  readonly unknown: readonly string[]
}

export interface LogLoad {
  readonly bytesPerSecond: number
  /** How long samples stay, hours: until `maxSize` is reached, or `maxAge`; null: for ever, nothing comes. */
  readonly bufferHours: number | null
  readonly limitedBy: 'maxSize' | 'maxAge' | null
}

export interface SinkLoad {
  readonly sink: string
  readonly kind: string
  readonly enabled: boolean
  readonly tags: number
  readonly samplesPerSecond: number
  /** Topics, subjects and the like; undefined: the sink has none. */
  readonly places: { readonly count: number; readonly word: string } | undefined
}

export interface LoadEstimate {
  readonly devices: readonly DeviceLoad[]
  readonly lines: readonly LineLoad[]
  readonly samplesPerSecond: number
  readonly requestsPerSecond: number
  readonly log: LogLoad
  readonly sinks: readonly SinkLoad[]
  /** The assumptions in sentences. */
  readonly assumptions: readonly string[]
}

/** The estimate of a whole configuration. */
export function estimateLoad(config: Config, { roundTripMs } = ASSUMED): LoadEstimate {
  const polled = config.devices.map((device) => pollsOf(device))
  const devices = polled.map(({ load }) => load)
  const lines = linesOf(polled, roundTripMs)
  const samplesPerSecond = sum(devices.map((one) => one.samplesPerSecond))
  return {
    devices,
    lines,
    samplesPerSecond,
    requestsPerSecond: sum(devices.map((one) => one.requestsPerSecond ?? 0)),
    log: logOf(config, samplesPerSecond),
    sinks: sinksOf(config, samplesPerSecond),
    assumptions: [
      `a round trip, or the answer of a device on a serial line, takes ${roundTripMs} ms`,
      'each value is stored: deadbands and values that hold still make it less',
      `the log takes ${BYTES_PER_SAMPLE} bytes a sample and ${BYTES_PER_COMMIT} bytes a commit`,
    ],
  }
}

/** A device with what one second of it asks of its line. */
interface Polled {
  readonly load: DeviceLoad
  /** For each interval: polls a second, and what one of them comes to. */
  readonly polls: readonly { readonly perSecond: number; readonly estimate: PollEstimate }[]
}

function pollsOf({ name, type, options, enabled, tags }: DeviceConfig): Polled {
  const groups = enabled ? Map.groupBy(tags, ({ settings }) => settings.everyMs) : new Map<number, TagConfig[]>()
  const polls = [...groups].flatMap(([everyMs, points]) => {
    const estimate = type.estimate?.(options as never, points)
    return estimate === undefined ? [] : [{ perSecond: 1000 / everyMs, estimate }]
  })
  const unknown = polls.find(({ estimate }) => estimate.requests === undefined)?.estimate.unknown
  const isKnown = groups.size === 0 || (type.estimate !== undefined && unknown === undefined)
  const load: DeviceLoad = {
    device: name,
    driver: type.name,
    enabled,
    tags: tags.length,
    line: type.line(options as never),
    samplesPerSecond: sum([...groups].map(([everyMs, points]) => (points.length * 1000) / everyMs)),
    requestsPerSecond: isKnown
      ? sum(polls.map(({ perSecond, estimate }) => perSecond * (estimate.requests ?? 0)))
      : undefined,
    ...(isKnown ? {} : { unknown: unknown ?? unknownOf(type) }),
  }
  return { load, polls }
}

const unknownOf = ({ name }: DriverType): string => `the ${name} driver makes no estimate`

function linesOf(polled: readonly Polled[], roundTripMs: number): LineLoad[] {
  const active = polled.filter(({ load }) => load.enabled && load.tags > 0)
  return [...Map.groupBy(active, ({ load }) => load.line)].map(([line, members]) => {
    const known = members.filter(({ load }) => load.requestsPerSecond !== undefined)
    const polls = known.flatMap((one) => one.polls)
    const inFlight = Math.max(1, ...polls.map(({ estimate }) => estimate.inFlight))
    const busyMs = sum(
      polls.map(({ perSecond, estimate }) => perSecond * ((estimate.requests ?? 0) * roundTripMs + estimate.wireMs)),
    )
    const isKnown = known.length > 0
    return {
      line,
      devices: members.map(({ load }) => load.device),
      requestsPerSecond: isKnown ? sum(known.map(({ load }) => load.requestsPerSecond!)) : undefined,
      utilisation: isKnown ? busyMs / 1000 / inFlight : undefined,
      inFlight: isKnown ? inFlight : undefined,
      unknown: members.filter(({ load }) => load.requestsPerSecond === undefined).map(({ load }) => load.device),
    }
  })
}

function logOf({ devices, store }: Config, samplesPerSecond: number): LogLoad {
  const texts = devices.flatMap(({ enabled, tags }) =>
    enabled ? tags.filter(({ settings }) => isText(settings)).map(({ settings }) => settings) : [],
  )
  const textBytes = sum(texts.map(({ length = USUAL_TEXT_BYTES, everyMs }) => (length * 1000) / everyMs))
  const mostCommits = store.syncEveryMs === 0 ? Infinity : 1000 / store.syncEveryMs
  const commits = Math.min(samplesPerSecond, mostCommits)
  const bytesPerSecond = samplesPerSecond * BYTES_PER_SAMPLE + commits * BYTES_PER_COMMIT + textBytes
  const maxAgeHours = store.maxAgeMs / 3_600_000
  const bySize = store.maxBytes / bytesPerSecond / 3600
  if (bytesPerSecond === 0) return { bytesPerSecond, bufferHours: null, limitedBy: null }
  return bySize < maxAgeHours
    ? { bytesPerSecond, bufferHours: bySize, limitedBy: 'maxSize' }
    : { bytesPerSecond, bufferHours: maxAgeHours, limitedBy: 'maxAge' }
}

const isText = ({ type }: TagSettings): boolean => type === 'string' || type === 'bytes'

function sinksOf({ devices, sinks }: Config, samplesPerSecond: number): SinkLoad[] {
  const tags = devices.flatMap((device) =>
    device.tags.map(({ settings }) => ({ device: device.name, name: settings.name })),
  )
  return sinks.map(({ name, type, options, enabled }: SinkConfig) => ({
    sink: name,
    kind: type.name,
    enabled,
    tags: tags.length,
    samplesPerSecond: enabled ? samplesPerSecond : 0,
    places: type.places?.(options as never, tags),
  }))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
