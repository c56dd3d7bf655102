/** A value as a line for people: never without its quality, its source time and its age. */
import { formatDuration } from '../core/duration.ts'
import { oneLine } from '../core/one-line.ts'
import { isGood, statusInfo } from '../core/status.ts'
import type { DataType } from '../core/value.ts'
import type { Terminal } from './terminal.ts'

/** A value as the API gives it, and as a direct read makes it. */
export interface ShownValue {
  readonly device: string
  readonly tag: string
  readonly value: number | string | boolean | null
  /** The name of the value, where the tag names its numbers. */
  readonly text?: string | null | undefined
  readonly unit?: string | null | undefined
  readonly type?: DataType | undefined
  readonly status: { readonly code: number; readonly name: string }
  /** Source time, ISO 8601. */
  readonly time: string | null
  readonly ageMs: number | null
  readonly reason?: string | null | undefined
}

export function valueLine(shown: ShownValue, width: number, terminal: Terminal): string {
  const { device, tag, unit, status, time, ageMs, reason } = shown
  const name = `${device}/${tag}`.padEnd(width)
  const value = shownDigits(shown)
  const named = shown.text ? ` = ${oneLine(shown.text)}` : ''
  const text = value === null ? '-' : `${oneLine(`${value}`)}${unit ? ` ${unit}` : ''}${named}`
  const quality = terminal.style(isGood(status.code) ? 'dim' : 'yellow', status.name)
  const when = time === null ? '' : `  ${time}${ageMs === null ? '' : `  ${formatDuration(ageMs)} ago`}`
  return `${name}  ${terminal.style('bold', text)}  ${quality}${when}${reason ? `  ${oneLine(reason)}` : ''}`
}

/** A float32 has seven significant digits; the further ones that a double shows mean nothing. */
function shownDigits({ value, type }: ShownValue): ShownValue['value'] {
  return type === 'float32' && typeof value === 'number' ? Number(value.toPrecision(7)) : value
}

/** `{ code, name }`, as the API shows a status. */
export const statusView = (code: number): ShownValue['status'] => ({ code, name: statusInfo(code).name })
