/** Differences and loads as lines for people. */
import { formatDuration } from '../../core/duration.ts'
import type { Difference, SettingChange } from './compare.ts'
import type { LineLoad, LoadEstimate, LogLoad } from './load-estimate.ts'
import type { Plan } from './plan.ts'
import type { Shown } from './shown-options.ts'

/** Above this a line has no room left for retries and writes. */
const BUSY = 0.8

/** `+ device press-3 (driver modbus, tags 12)`, `~ device press-1` with a line for each setting, `- sink old (sink mqtt)`. */
export const differenceLines = (differences: readonly Difference[]): string[] => differences.flatMap(linesOfOne)

function linesOfOne({ sign, kind, name, changes }: Difference): string[] {
  if (sign !== '~') {
    const facts = changes.map(({ setting, before, after }) => `${setting} ${textOf(after ?? before)}`).join(', ')
    return [`${sign} ${kind} ${name}${facts === '' ? '' : ` (${facts})`}`]
  }
  return [`~ ${kind} ${name}`, ...changes.map((change) => `    ${changeText(change)}`)]
}

const changeText = ({ setting, before, after }: SettingChange): string =>
  before === after && before !== undefined
    ? `${setting}: differs (kept secret)`
    : `${setting}: ${textOf(before)} → ${textOf(after)}`

const textOf = (value: Shown | undefined): string =>
  value === undefined ? '(not set)' : value === '' ? '""' : String(value)

/** `2 to add, 1 to change, 0 to remove`. */
export const countLine = ({ added, changed, removed }: Plan['counts']): string =>
  added + changed + removed === 0 ? 'no differences' : `${added} to add, ${changed} to change, ${removed} to remove`

/** The load: lines first, those most in use at the top; figures of before in brackets where they differ. */
export function loadLines(load: LoadEstimate, before?: LoadEstimate): string[] {
  const rows = [...load.lines].sort((a, b) => (b.utilisation ?? 0) - (a.utilisation ?? 0)).slice(0, MOST_LINES)
  const more = load.lines.length - rows.length
  return [
    ...table(
      rows.map((line) =>
        lineRow(
          line,
          before?.lines.find((one) => one.line === line.line),
        ),
      ),
    ),
    ...(more > 0 ? [`  and ${more} more lines that are in use less`] : []),
    `samples  ${beside(perSecond(load.samplesPerSecond), before && perSecond(before.samplesPerSecond))} at most`,
    `log      ${beside(logText(load.log), before && logText(before.log))}`,
    ...load.sinks.map(({ sink, kind, tags, places, enabled }) => {
      const where = places === undefined ? '' : `, ${count(places.count)} ${places.word}`
      return `sink     ${sink} (${kind}): ${enabled ? `${count(tags)} tags${where}` : 'not enabled'}`
    }),
    ...unknownLines(load),
    `assumed  ${load.assumptions.join('; ')}`,
  ]
}

/** The page of a terminal. */
const MOST_LINES = 30

const HEAD = ['line', 'devices', 'requests/s', 'in use', '']

function lineRow(line: LineLoad, before: LineLoad | undefined): string[] {
  const { devices, requestsPerSecond, utilisation } = line
  const rate = requestsPerSecond === undefined ? 'not known' : amount(requestsPerSecond)
  const rateBefore = before?.requestsPerSecond === undefined ? undefined : amount(before.requestsPerSecond)
  const use = utilisation === undefined ? 'not known' : percent(utilisation)
  const useBefore = before?.utilisation === undefined ? undefined : percent(before.utilisation)
  return [line.line, count(devices.length), beside(rate, rateBefore), beside(use, useBefore), remarkOf(line)]
}

function remarkOf({ utilisation = 0 }: LineLoad): string {
  if (utilisation > 1) return 'MORE THAN IT CAN DO'
  return utilisation > BUSY ? 'little room is left' : ''
}

function unknownLines({ devices }: LoadEstimate): string[] {
  const unknown = devices.filter((one) => one.unknown !== undefined)
  const byReason = Map.groupBy(unknown, (one) => one.unknown!)
  return [...byReason].map(([reason, members]) => {
    const names = members.slice(0, 5).map((one) => one.device)
    const more = members.length > 5 ? ` and ${members.length - 5} more` : ''
    return `not known: requests of ${names.join(', ')}${more}: ${reason}`
  })
}

function logText({ bytesPerSecond, bufferHours, limitedBy }: LogLoad): string {
  if (bufferHours === null) return 'nothing comes'
  const kept = formatDuration(bufferHours * 3_600_000)
  return `${bytes(bytesPerSecond)}/s at most, ${kept} are kept (${limitedBy})`
}

const beside = (now: string, before: string | undefined): string =>
  before === undefined || before === now ? now : `${now} (now ${before})`

const perSecond = (rate: number): string => `${amount(rate)}/s`
const amount = (rate: number): string => (rate >= 100 ? count(Math.round(rate)) : String(Number(rate.toFixed(2))))
const count = (whole: number): string => whole.toLocaleString('en-GB')
const percent = (share: number): string =>
  `${share >= 0.1 ? Math.round(share * 100) : Number((share * 100).toFixed(1))} %`

function bytes(amountOf: number): string {
  if (amountOf >= 1e6) return `${(amountOf / 1e6).toFixed(1)} MB`
  return amountOf >= 1e3 ? `${(amountOf / 1e3).toFixed(1)} kB` : `${Math.round(amountOf)} B`
}

function table(rows: readonly string[][]): string[] {
  if (rows.length === 0) return []
  const all = [HEAD, ...rows]
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}
