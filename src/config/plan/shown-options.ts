/** Settings as people may see them: by their path, durations and sizes as they are written in a file, secrets blanked. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import type { Schema } from '../../core/driver.ts'
import { toDuration, toSize, unitOfQuantity } from '../../core/duration.ts'
import { hideUrlPasswords } from '../../core/url-password.ts'
import { isSecret, layersOf, objectIn, optionOf } from '../option-marks.ts'

/** A value on its way to people. Lists of plain values are one text. */
export type Shown = string | number | boolean | null

/** What stands for what is not shown. */
export const BLANK = '***'

/** Options of one side, and what of them is not to be shown. */
export interface OptionsSide {
  readonly schema: Schema
  readonly options: unknown
  /** As `DeviceConfig.outside`. */
  readonly outside: readonly string[]
}

interface Change {
  readonly setting: string
  readonly before: Shown | undefined
  readonly after: Shown | undefined
}

/** The options that differ. A secret that differs is told, blanked on both sides. */
export function differingOptions(before: OptionsSide, after: OptionsSide): Change[] {
  const [a, b] = [leavesOf(before.options), leavesOf(after.options)]
  const names = [...new Set([...a.keys(), ...b.keys()])]
  const show = ({ schema, outside }: OptionsSide, name: string, leaves: ReadonlyMap<string, unknown>) =>
    leaves.has(name) ? shownOption(name, leaves.get(name), schema, outside) : undefined
  return names
    .filter((name) => !isDeepStrictEqual(a.get(name), b.get(name)))
    .map((setting) => ({ setting, before: show(before, setting, a), after: show(after, setting, b) }))
}

/** Every option of one side, as people may see it. */
export const shownOptions = ({ schema, options, outside }: OptionsSide): ReadonlyMap<string, Shown> =>
  new Map([...leavesOf(options)].map(([name, value]) => [name, shownOption(name, value, schema, outside)]))

/** The texts of one side that people may not see, as they are. */
export const hiddenTexts = ({ schema, options, outside }: OptionsSide): string[] =>
  [...leavesOf(options)].flatMap(([name, value]) =>
    typeof value === 'string' && shownOption(name, value, schema, outside) === BLANK ? [value] : [],
  )

function shownOption(name: string, value: unknown, schema: Schema, outside: readonly string[]): Shown {
  if (outside.some((one) => name === one || name.startsWith(`${one}.`) || isFileOf(name, one))) return BLANK
  let layer: z.core.$ZodType | undefined = schema
  for (const step of name.split('.')) {
    const shape: z.ZodObject['shape'] | undefined = layer && objectIn(layer)?.shape
    layer = shape && optionOf(shape, step)
    if (layer !== undefined && isSecret(layer)) return BLANK
  }
  if (layer === undefined && isSecretName(name)) return BLANK
  const unit = layer && unitOfQuantity(layersOf(layer).at(-1)!)
  return toShown(value, unit)
}

/** A secret from a file stands under `passwordFile`, and is the option `password`. */
const isFileOf = (name: string, outside: string): boolean => outside === `${name}File`

/** Settings of our own parts, by their words in the file: `{ maxAgeMs: 60000 }` is `maxAge: 1m`. */
export const shownSettings = (value: unknown, section?: string): ReadonlyMap<string, Shown> =>
  new Map(
    [...leavesOf(value)].map(([name, leaf]) => {
      const [setting, unit] = wordOf(name)
      return [WORDS[`${section ?? ''}.${setting}`] ?? setting, isSecretName(name) ? BLANK : toShown(leaf, unit)]
    }),
  )

/** What a loaded configuration calls otherwise than the file. */
const WORDS: Record<string, string> = {
  'store.max': 'maxSize',
  'store.trends.max': 'trends.maxSize',
  'store.policy': 'whenFull',
}

function wordOf(name: string): [setting: string, unit: 'ms' | 'bytes' | undefined] {
  if (name.endsWith('Ms')) return [name.slice(0, -2), 'ms']
  return name.endsWith('Bytes') ? [name.slice(0, -5), 'bytes'] : [name, undefined]
}

/** Where no schema says what is secret: better too much is blanked than too little. The path of a secret's file is none. */
const isSecretName = (name: string): boolean =>
  /secret|passw|passphrase|token|credential|private|^pw|^pin$/i.test(name.split('.').at(-1)!) && !/Files?$/.test(name)

/** Every plain value by its path. Lists of plain values are one; what is undefined is not there. */
export const flatten = (value: unknown): ReadonlyMap<string, Shown> =>
  new Map([...leavesOf(value)].map(([name, leaf]) => [name, toShown(leaf, undefined)]))

/** Of one object: more are not told, so that aliases of aliases cost no more than this. */
const MOST_SETTINGS = 10_000

function leavesOf(value: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>()
  const visit = (inner: unknown, at: string) => {
    if (inner === undefined || typeof inner === 'function' || leaves.size >= MOST_SETTINGS) return
    const isList = Array.isArray(inner)
    const isPlainList = isList && inner.every((item) => typeof item !== 'object' || item === null)
    const isContainer = typeof inner === 'object' && inner !== null && (isList || isRecord(inner))
    if (!isContainer || isPlainList) return void leaves.set(at, inner)
    for (const [key, item] of Object.entries(inner)) visit(item, at === '' ? key : `${at}.${key}`)
  }
  visit(value, '')
  leaves.delete('')
  return leaves
}

const isRecord = (value: object): boolean =>
  [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null)

function toShown(value: unknown, unit: 'ms' | 'bytes' | undefined): Shown {
  if (typeof value === 'number' && unit !== undefined) return unit === 'ms' ? toDuration(value) : toSize(value)
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (typeof value === 'string') return hideUrlPasswords(value)
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return hideUrlPasswords(JSON.stringify(value))
  return value instanceof RegExp || value instanceof URL ? hideUrlPasswords(String(value)) : '(not plain)'
}
