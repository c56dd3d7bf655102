/**
 * What a rule is before it becomes YAML: the alert, the page that tells what to do about it, and the cases that prove it, in one
 * entry, so that rule, page and test cannot drift apart. Texts name labels as `{device}` and the value as `{value:percent}`; the
 * same text is compiled to a Prometheus template and, for the tests, written out with the labels and value of the case.
 */
export type Severity = 'critical' | 'warning' | 'info' | 'none'

/** What the alert is about; receivers may be chosen by it. */
export type Category =
  | 'gateway'
  | 'device'
  | 'data'
  | 'sink'
  | 'security'
  | 'api'
  | 'slo'
  | 'capacity'
  | 'backup'
  | 'monitoring'
  | 'maintenance'

/** Uids of our dashboards. */
export type Dashboard =
  | 'bifrost-overview'
  | 'bifrost-devices'
  | 'bifrost-data'
  | 'bifrost-sinks'
  | 'bifrost-slo'
  | 'bifrost-security'
  | 'bifrost-fleet'

/** Input series of promtool: selector to values. `job` and `instance` of one gateway are added where the selector has no job. */
export type Series = Readonly<Record<string, string>>

/** One run of made-up series, in which the alert fires and clears. */
export interface FiringCase {
  readonly series: Series
  /** Step of the series; 15s where absent. */
  readonly step?: string
  /** How often rules are evaluated, for cases of days. */
  readonly evaluate?: string
  /** When it has not been wrong for long enough. */
  readonly notYet?: string
  readonly fires: string
  readonly clears: string
  /** Labels beside job, instance, severity and category. */
  readonly labels?: Readonly<Record<string, string>>
  /** Aggregated over the gateways: no job and instance. */
  readonly isGlobal?: true
  /** The value as Prometheus writes it into the texts. */
  readonly value: string
}

/** A run that comes close and must never fire. */
export interface QuietCase {
  readonly why: string
  readonly series: Series
  readonly step?: string
  readonly evaluate?: string
  readonly at: readonly string[]
}

/** A question, the command that answers it, and what each answer leads to. */
export type Step = readonly [question: string, command: string, ...answers: string[]]

export interface Page {
  readonly meaning: string
  readonly causes: readonly string[]
  readonly steps: readonly Step[]
  /** How it ends, and what to do so that it does not come again. */
  readonly clears: string
}

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly keepFiringFor?: string
  readonly severity: Severity
  readonly category: Category
  readonly summary: string
  readonly description: string
  readonly dashboard: Dashboard
  readonly page: Page
  readonly firing: FiringCase
  readonly quiet: QuietCase
}

export interface RecordingRule {
  readonly record: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

/** What recording rules must give for made-up series. */
export interface RecordingCase {
  readonly why: string
  readonly series: Series
  readonly step?: string
  readonly evaluate?: string
  /** An expression, when, and the samples that it must give. */
  readonly expect: readonly {
    readonly expr: string
    readonly at: string
    readonly samples: Readonly<Record<string, number>>
  }[]
}

/** One file of rules: groups that are evaluated together. */
export interface RuleFile {
  readonly name: string
  readonly about: string
  /** How often the tests evaluate, where a case says nothing else; 15s where absent. */
  readonly evaluate?: string
  readonly groups: readonly {
    readonly name: string
    readonly interval?: string
    readonly records?: readonly RecordingRule[]
    readonly alerts?: readonly AlertRule[]
  }[]
  readonly recordingCases?: readonly RecordingCase[]
}

/** The gateway that the series of the cases are of. */
export const CASE_TARGET = { job: 'bifrost', instance: 'edge-1:8080' } as const

const ON_DEVICE = 'on (job, instance, device)'

/**
 * The result with the area of each device. A device without an entry in bifrost_device_info (beyond the cap, or just gone) stays,
 * without an area: a join must never swallow an alert.
 */
export const withArea = (expr: string): string =>
  `(${expr}) * ${ON_DEVICE} group_left (area) bifrost_device_info\nor\n(${expr}) unless ${ON_DEVICE} bifrost_device_info`

/** Series of bifrost_device_info for a case, of a device in an area. */
export const deviceInfo = (device: string, area: string, values = '1x10000'): Series => ({
  [`bifrost_device_info{device="${device}",driver="modbus",area="${area}"}`]: values,
})

const VALUE_FORMATS: Readonly<Record<string, string>> = {
  percent: 'humanizePercentage',
  duration: 'humanizeDuration',
  bytes: 'humanize1024',
  count: 'printf "%.0f"',
  number: 'humanize',
}

const PLACEHOLDER = /\{(value:)?([a-z_]+)\}/g

/** `at` stands for the area, where there is one. */
const AREA_TEMPLATE = '{{ with $labels.area }} ({{ . }}){{ end }}'

/** A text as Prometheus' template. */
export function toTemplate(text: string): string {
  return text.replaceAll(PLACEHOLDER, (_, value: string | undefined, name: string) => {
    if (value === undefined) return name === 'at' ? AREA_TEMPLATE : `{{ $labels.${name} }}`
    const format = VALUE_FORMATS[name]
    if (format === undefined) throw new Error(`${text}: no format ${name} of values`)
    return `{{ $value | ${format} }}`
  })
}

/** The same text as it must come out, for given labels and a value that is written as given. */
export function writtenOut(text: string, labels: Readonly<Record<string, string>>, value: string): string {
  return text.replaceAll(PLACEHOLDER, (_, isValue: string | undefined, name: string) => {
    if (isValue !== undefined) return value
    if (name === 'at') return labels.area === undefined ? '' : ` (${labels.area})`
    return labels[name] ?? ''
  })
}
