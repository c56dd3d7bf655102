/**
 * Where the points of a model lie in one device: groups repeat as often as the device says, by a point that counts them or by
 * the length of the model (SunSpec Device Information Model Specification V1.1, 3.2), so that it is known only after its header
 * was read.
 */
import type { ModelGroup, ModelPoint } from './model.ts'

/** One point of one device. */
export interface Place {
  /** Within the model: `W`, `module[2].DCA`, `Crv[1].Pt[3].V`. Repeated groups count from 1. */
  readonly path: string
  readonly point: ModelPoint
  /** Registers from the model's id on. */
  readonly offset: number
  /** The exponent of its power of ten, or the offset of the register that holds it. */
  readonly scale: { readonly exponent: number } | { readonly offset: number } | undefined
}

/** Registers before a model's own points that its length does not count: id and length. */
export const HEADER_REGISTERS = 2

interface Walk {
  readonly places: Place[]
  /** Registers of the model, header included. */
  readonly end: number
  readonly count: (name: string) => number | undefined
  next: number
}

type Scope = ReadonlyMap<string, number>

/**
 * All points that fit into `length` (as the model's header says it). `count` tells the value of a counting point; undefined where
 * the device does not implement it: then the group repeats to the end of the model.
 */
export function layOut(model: ModelGroup, length: number, count: (name: string) => number | undefined): Place[] {
  const walk: Walk = { places: [], end: length + HEADER_REGISTERS, count, next: 0 }
  layGroup(model, '', [], walk)
  return walk.places
}

function layGroup(group: ModelGroup, prefix: string, outer: readonly Scope[], walk: Walk): void {
  const scope = new Map<string, number>()
  const scopes = [scope, ...outer]
  let at = walk.next
  for (const point of group.points) {
    scope.set(point.name, at)
    at += point.size
  }
  for (const point of group.points) {
    const offset = scope.get(point.name)!
    if (offset + point.size > walk.end) continue
    walk.places.push({ path: prefix + point.name, point, offset, scale: scaleOf(point, scopes, walk.end) })
  }
  walk.next = at
  for (const inner of group.groups ?? []) layRepeated(inner, prefix, scopes, walk)
}

function layRepeated(group: ModelGroup, prefix: string, scopes: readonly Scope[], walk: Walk): void {
  if (!isRepeated(group)) return layGroup(group, `${prefix}${group.name}.`, scopes, walk)
  const counted = typeof group.count === 'string' ? walk.count(group.count) : undefined
  const fixed = typeof group.count === 'number' && group.count > 0 ? group.count : undefined
  const most = counted ?? fixed ?? Infinity
  for (let index = 1; index <= most && walk.next < walk.end; index++) {
    const before = walk.next
    layGroup(group, `${prefix}${group.name}[${index}].`, scopes, walk)
    if (walk.next === before) return
  }
}

/** True for a group that stands as a list in addresses: `module[1]`. */
export const isRepeated = (group: ModelGroup): boolean => group.count !== undefined && group.count !== 1

/** The nearest group around the point that has the scale factor. A factor beyond the end of the model is none. */
function scaleOf({ sf }: ModelPoint, scopes: readonly Scope[], end: number): Place['scale'] {
  if (sf === undefined) return undefined
  if (typeof sf === 'number') return { exponent: sf }
  const offset = scopes.map((scope) => scope.get(sf)).find((one) => one !== undefined)
  return offset === undefined || offset >= end ? undefined : { offset }
}
