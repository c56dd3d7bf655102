/**
 * SunSpec addresses, which name a point instead of a register (the device says where it lies):
 *
 *     sunspec:103.W   sunspec:common.Mn   sunspec:103#2.W   sunspec:160.module[2].DCA   2.sunspec:103.W
 *     address = [unit "."] "sunspec:" (model id | "common") ["#" instance] "." {group ["[" index "]"] "."} point
 *
 * Instances of a model and members of a repeated group count from 1. Names are those of the models, in their case.
 */
import type { DataType } from '../../../core/value.ts'
import type { Cursor } from '../cursor.ts'
import { isRepeated } from './layout.ts'
import { COMMON_MODEL, modelOf, type ModelGroup, type ModelPoint } from './model.ts'
import { tagType } from './point-type.ts'

/** A point of a model of the device; where it lies is found out by walking the device. */
export interface SunSpecPlace {
  readonly model: number
  /** Which of several models with this id, from 1. */
  readonly instance: number
  /** `W`, `module[2].DCA`. */
  readonly path: string
  readonly point: ModelPoint
  /** The type that its tag has to have. */
  readonly type: DataType
}

/** Reads `sunspec:…` at the cursor, to its end; undefined when something else stands there. Throws CONFIG_INVALID. */
export function readSunSpec(cursor: Cursor): SunSpecPlace | undefined {
  if (cursor.take(/sunspec:/iy) === undefined) return undefined
  const word = cursor.take(/common|\d+/iy) ?? cursor.fail('the id of a model is expected here', 'sunspec:103.W')
  const id = /^\d/.test(word[0]) ? cursor.number(word[0], 1, 65_534, 'model id') : COMMON_MODEL
  const model =
    modelOf(id) ?? cursor.failBack(word[0], `SunSpec model ${id} is not in the library: address its registers as hr:N`)
  const hash = cursor.take(/#(\d+)/y)
  const instance = hash === undefined ? 1 : cursor.number(hash[1]!, 1, 256, 'instance')
  const path = readPath(cursor, model)
  return {
    model: id,
    instance,
    path: path.text,
    point: path.point,
    type: tagType(path.point),
  }
}

interface Path {
  readonly text: string
  readonly point: ModelPoint
}

function readPath(cursor: Cursor, model: ModelGroup): Path {
  let group = model
  let text = ''
  for (;;) {
    if (cursor.take(/\./y) === undefined) cursor.fail(`a dot and a point of ${group.name} are expected here`)
    const name = cursor.take(/[A-Za-z_][\w-]*/y)?.[0] ?? cursor.fail('the name of a point is expected here')
    const inner = (group.groups ?? []).find((one) => one.name === name)
    if (inner === undefined) return { text: text + name, point: readPoint(cursor, group, name) }
    group = inner
    text += `${name}${readIndex(cursor, inner)}.`
  }
}

function readPoint(cursor: Cursor, group: ModelGroup, name: string): ModelPoint {
  const point = group.points.find((one) => one.name === name)
  if (point !== undefined && point.type !== 'pad') return point
  const names = [...group.points.filter(({ type }) => type !== 'pad'), ...(group.groups ?? [])].map((one) => one.name)
  const nearest = names.find((one) => one.toLowerCase() === name.toLowerCase())
  return cursor.failBack(name, `${group.name} has no point ${name}; it has ${names.join(', ')}`, nearest)
}

function readIndex(cursor: Cursor, group: ModelGroup): string {
  const match = cursor.take(/\[(\d+)\]/y)
  if (!isRepeated(group)) return match === undefined ? '' : cursor.failBack(match[0], `there is only one ${group.name}`)
  if (match === undefined) cursor.fail(`which ${group.name} is meant? They count from 1`, `${group.name}[1]`)
  return `[${cursor.number(match[1]!, 1, 65_535, 'index', 1)}]`
}

/** The canonical text, without the unit id: `sunspec:103.W`, `sunspec:103#2.W`. */
export function formatSunSpec({ model, instance, path }: SunSpecPlace): string {
  return `sunspec:${model}${instance === 1 ? '' : `#${instance}`}.${path}`
}

/** For people: `sunspec:103.W = model 103, Watts (int16, scaled by W_SF, W)`. */
export function describeSunSpec(place: SunSpecPlace): string {
  const { label, type, sf, units, name } = place.point
  const scaled = sf === undefined ? '' : `, scaled by ${typeof sf === 'number' ? `10^${sf}` : sf}`
  const unit = units === undefined ? '' : `, ${units}`
  return `${formatSunSpec(place)} = model ${place.model}, ${label ?? name} (${type}${scaled}${unit})`
}
