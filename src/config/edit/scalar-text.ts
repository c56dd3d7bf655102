/** A value as YAML, in the way of what stood there: quotes, hex, and flow or block. */
import { Document, isMap, isScalar, isSeq, parse as parseYaml, visit, type Node } from 'yaml'
import type { Plain } from './yaml-edit.ts'

/** The texts of a value that may stand in the place of `old`, the best one first. Which of them is right is seen after the parse. */
export function scalarTexts(value: Plain, old: Node | undefined): string[] {
  if (typeof value === 'object' && value !== null) return [flowText(value)]
  const style = isScalar(old) ? old.type : undefined
  const source = isScalar(old) ? old.source : undefined
  if (typeof value === 'string') {
    const single = `'${value.replaceAll("'", "''")}'`
    const double = JSON.stringify(value)
    const isPlain = /^[^\s'"#&*!|>%@`\-?:,[\]{}][^\r\n\t\0]*$|^-[^\s][^\r\n\t\0]*$/.test(value)
    const plain = isPlain && !/:(\s|$)|\s#|\s$/.test(value) ? [value] : []
    if (style === 'QUOTE_SINGLE' && /^[\x20-\uFFFC]*$/.test(value)) return [single, double]
    if (style === 'QUOTE_DOUBLE') return [double]
    return [...plain, double]
  }
  if (typeof value === 'number') {
    const sign = /^(0x)[0-9A-Fa-f]+$/.exec(source ?? '')
    if (sign !== null && Number.isSafeInteger(value) && value >= 0) {
      const digits = value.toString(16)
      return [`0x${/[A-F]/.test(source!) ? digits.toUpperCase() : digits}`, String(value)]
    }
    return [numberText(value)]
  }
  return [String(value)]
}

const numberText = (value: number): string => {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  return Object.is(value, -0) ? '-0' : String(value)
}

/** On one line: `{ name: level, address: hr:0 }`. */
export function flowText(value: Plain): string {
  if (Array.isArray(value)) return `[${(value as Plain[]).map(flowText).join(', ')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(([key, inner]) => `${flowKey(key)}: ${flowText(inner)}`)
    return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
  }
  if (typeof value !== 'string') return typeof value === 'number' ? numberText(value) : String(value)
  return isPlainInFlow(value) ? value : JSON.stringify(value)
}

/** A text that stands without quotes: no sign of YAML in it, and read back as the very text. */
const isPlainInFlow = (text: string): boolean =>
  /^\w(?:[\w./+ -]|:(?=\w))*$/.test(text) && !/\s$/.test(text) && !isWord(text) && parseYaml(text) === text

const flowKey = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) && !isWord(key) ? key : JSON.stringify(key))

/** A text that YAML would take for something else. */
const isWord = (text: string): boolean => /^(true|false|null|yes|no|on|off|y|n|~|\.inf|\.nan)$/i.test(text)

/** On several lines, each with this indentation but the first; without a line end at its end. Items of lists stand on one line where they can. */
export function blockText(value: Plain, indentation: string, lineEnd: string): string {
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Seq(_key, list) {
      if (list === document.contents) return
      if (list.items.every((item) => isScalar(item))) list.flow = true
      for (const item of list.items) if (isMap(item) && isFlat(item.items)) item.flow = true
    },
  })
  return document
    .toString({ lineWidth: 0, flowCollectionPadding: true })
    .replace(/\n$/, '')
    .split('\n')
    .map((line, at) => (at === 0 || line === '' ? line : indentation + line))
    .join(lineEnd)
}

const isFlat = (entries: readonly { value: unknown }[]): boolean =>
  entries.every(({ value }) => isScalar(value) || (isSeq(value) && value.items.length === 0))
