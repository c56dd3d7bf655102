/** A finding of the byte-order detective as people and programs get it: in JSON, as a line, as a tag of a configuration. */
import { toJsonValue } from '../../../core/value.ts'
import { wrapped } from '../../../core/wrapped-text.ts'
import { nameOf, sameNames, type Finding } from '../detect/detect.ts'
import { formatNumber } from '../detect/number-text.ts'

/** Columns of a terminal. */
export const WIDTH = 80

/** As a tag list has it. */
export interface ProposedTag {
  readonly address: string
  readonly type: string
  readonly order?: string
  readonly length?: number
  readonly scale?: number
}

/** One type in one order. */
export interface FindingView {
  readonly type: string
  readonly order: string
  readonly name: string
  readonly registers: number
  /** In the newest read. */
  readonly value: ReturnType<typeof toJsonValue>
  readonly score: number
  readonly reasons: readonly string[]
  /** `reading = value × factor`. */
  readonly factor: number | null
  /** What shows the same values. */
  readonly same: readonly string[]
}

/** The finding for programs. */
export function viewOf(finding: Finding): FindingView {
  const { type, order, registers, values, score, reasons, agreement } = finding
  return {
    type,
    order,
    name: nameOf(finding),
    registers,
    value: toJsonValue(values.at(-1)),
    score,
    reasons,
    factor: agreement?.factor ?? null,
    same: sameNames(finding),
  }
}

/** The finding as a tag; null where no type of tags is like it. */
export function tagOf(address: string, { type, order, registers, agreement }: Finding): ProposedTag | null {
  if (type.startsWith('bcd')) return null
  const isScaled = agreement !== undefined && agreement.factor !== 1
  return {
    address,
    type,
    ...(order === 'ABCD' ? {} : { order }),
    ...(type === 'string' ? { length: registers * 2 } : {}),
    ...(isScaled ? { scale: agreement.factor } : {}),
  }
}

/** The finding for people: its value, then why, in lines that a terminal of 80 columns shows whole. */
export function linesOf({ name, type, value, score, reasons, same }: FindingView): string[] {
  const also = same.length === 0 ? [] : [`the same as ${same.join(', ')}`]
  const shown = value !== null && type === 'string' ? JSON.stringify(value) : numberText(value)
  return [
    `${String(score).padStart(3)} %  ${name.padEnd(12)}  ${shown}`,
    ...wrapped([...reasons, ...also].join('; '), WIDTH - INDENT.length).map((line) => INDENT + line),
  ]
}

const INDENT = ' '.repeat('100 %  '.length)

const numberText = (value: FindingView['value']): string =>
  typeof value === 'number' ? formatNumber(value) : value === null ? '–' : String(value)
