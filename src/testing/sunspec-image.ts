/**
 * The registers of a SunSpec device, made from the model files alone: an own reading of the standard that shares no code with the
 * driver, so that tests compare two of them. Every point gets a raw value of its own; what it has to read as is worked out by
 * moving a decimal point in a text.
 */
import { readFileSync } from 'node:fs'
import type { Value } from '../core/value.ts'
import { RegisterBank } from '../protocols/modbus/index.ts'

interface Point {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly sf?: string | number
  readonly symbols?: Readonly<Record<string, number>>
  readonly mandatory?: boolean
}

interface Group {
  readonly name: string
  readonly count?: string | number
  readonly points: readonly Point[]
  readonly groups?: readonly Group[]
}

/** One model of the device to make. */
export interface ModelImage {
  readonly id: number
  /** How often its groups repeat, by the name of the group; 2 where nothing is said. */
  readonly repeats?: Readonly<Record<string, number>>
  /** Raw registers as hex text, by path, in place of the values that are made up. */
  readonly raw?: Readonly<Record<string, string>>
}

/** Of a point that the device does not implement. */
export const NONE = Symbol('not implemented')

/** What a point has to read as. */
export type Expected = Value | typeof NONE

export interface SunSpecImage {
  readonly base: number
  readonly registers: readonly number[]
  /** By address: `sunspec:103.W`. */
  readonly expected: ReadonlyMap<string, Expected>
  /** Address and register of each point. */
  readonly places: ReadonlyMap<string, number>
}

/** What the builder reads of a model file. */
function modelFile(id: number): Group & { readonly id: number } {
  const url = new URL(`../../templates/sunspec/models/${id}.json`, import.meta.url)
  return JSON.parse(readFileSync(url, 'utf8')) as Group & { id: number }
}

/** A device with these models one after the other. */
export function sunSpecImage(models: readonly ModelImage[], base = 40_000): SunSpecImage {
  const registers = [0x5375, 0x6e53]
  const expected = new Map<string, Expected>()
  const places = new Map<string, number>()
  const seen = new Map<number, number>()
  for (const image of models) {
    const instance = (seen.get(image.id) ?? 0) + 1
    seen.set(image.id, instance)
    const start = registers.length
    const prefix = `sunspec:${image.id}${instance === 1 ? '' : `#${instance}`}.`
    addGroup(modelFile(image.id), '', [], { image, prefix, base, registers, expected, places })
    registers[start] = image.id
    registers[start + 1] = registers.length - start - 2
    expected.set(`${prefix}ID`, image.id)
    expected.set(`${prefix}L`, registers[start + 1]!)
  }
  registers.push(0xffff, 0)
  return { base, registers, expected, places }
}

/** A unit that holds the image in its holding registers and nothing else. */
export function sunSpecBank({ base, registers }: SunSpecImage): RegisterBank {
  const bank = new RegisterBank({ holdingRegisters: [{ address: base, count: registers.length }] })
  registers.forEach((value, index) => bank.holdingRegisters.set(base + index, value))
  return bank
}

interface Build {
  readonly image: ModelImage
  readonly prefix: string
  readonly base: number
  readonly registers: number[]
  readonly expected: Map<string, Expected>
  readonly places: Map<string, number>
}

type Factors = ReadonlyMap<string, number>

function addGroup(group: Group, path: string, outer: readonly Factors[], build: Build): void {
  const factors = new Map<string, number>()
  // Raw values of scale factors are fixed by their name, so that they are known before they are laid down.
  for (const { name, type } of group.points) {
    const given = build.image.raw?.[path + name]
    const made = (name.length % 5) - 3
    if (type === 'sunssf') factors.set(name, given === undefined ? made : (Number.parseInt(given, 16) << 16) >> 16)
  }
  const scopes = [factors, ...outer]
  for (const point of group.points) addPoint(point, path, scopes, build)
  for (const inner of group.groups ?? []) {
    const repeated = inner.count !== undefined && inner.count !== 1
    const times = repeated ? (build.image.repeats?.[inner.name] ?? 2) : 1
    for (let index = 1; index <= times; index++)
      addGroup(inner, `${path}${inner.name}${repeated ? `[${index}]` : ''}.`, scopes, build)
  }
}

function addPoint(point: Point, path: string, scopes: readonly Factors[], build: Build): void {
  const { image, prefix, registers, expected, places, base } = build
  const address = `${prefix}${path}${point.name}`
  places.set(address, base + registers.length)
  const given = image.raw?.[`${path}${point.name}`]
  const made = given ?? makeUp(point, registers.length, scopes, image)
  const hex = point.type === 'string' ? made.padEnd(point.size * 4, '0') : made.padStart(point.size * 4, '0')
  for (let at = 0; at < point.size; at++) registers.push(Number.parseInt(hex.slice(at * 4, at * 4 + 4), 16))
  if (point.type === 'pad') return
  const sf = typeof point.sf === 'string' ? scopes.find((one) => one.has(point.sf as string))?.get(point.sf) : point.sf
  const factor = point.sf === undefined ? undefined : sf
  expected.set(address, isNone(point, hex) ? NONE : readAs(point, hex, factor))
}

/** Hex text of a value that is different from its neighbours'. */
function makeUp(point: Point, seed: number, scopes: readonly Factors[], image: ModelImage): string {
  const { type, name, size, symbols } = point
  if (type === 'sunssf') return (scopes[0]!.get(name)! & 0xffff).toString(16).padStart(4, '0')
  const counted = countedGroup(modelFile(image.id), name)
  if (counted !== undefined) return (image.repeats?.[counted] ?? 2).toString(16)
  if (type === 'string')
    return Buffer.from(`${name} ${seed}`.slice(0, size * 2))
      .toString('hex')
      .padEnd(size * 4, '0')
  if (type === 'float32') {
    const bytes = Buffer.alloc(4)
    bytes.writeFloatBE(seed / 8 - 100)
    return bytes.toString('hex')
  }
  if (type.startsWith('enum') && symbols !== undefined) {
    const values = Object.values(symbols)
    return values[seed % values.length]!.toString(16)
  }
  if (type.startsWith('int') && seed % 2 === 1) return (2n ** BigInt(size * 16) - BigInt(seed)).toString(16)
  return (seed * (size === 1 ? 1 : 65_537) + 1).toString(16)
}

function countedGroup(group: Group, point: string): string | undefined {
  for (const inner of group.groups ?? []) {
    if (inner.count === point) return inner.name
    const deeper = countedGroup(inner, point)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

function isNone({ type, mandatory }: Point, hex: string): boolean {
  if (type.startsWith('acc')) return mandatory !== true && /^0*$/.test(hex)
  if (type === 'string' || type.startsWith('ip')) return /^0*$/.test(hex)
  if (/^int|sunssf/.test(type)) return /^80*$/.test(hex)
  if (type.startsWith('float')) return /^7fc0*$/.test(hex)
  return type === 'eui48' ? /^0000f+$/.test(hex) : /^f+$/.test(hex)
}

function readAs({ type, size }: Point, hex: string, factor: number | undefined): Value {
  const bytes = Buffer.from(hex, 'hex')
  if (type === 'string') return bytes.toString('utf8').replace(/\0.*$/s, '').trimEnd()
  if (type === 'float32') return bytes.readFloatBE(0)
  if (type === 'ipaddr') return [...bytes].join('.')
  if (type === 'ipv6addr') return (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0{1,3}/, '')).join(':')
  if (type === 'eui48') return (hex.slice(4).toUpperCase().match(/../g) ?? []).join(':')
  const unsigned = BigInt(`0x${hex}`)
  const isSigned = /^int|sunssf/.test(type)
  const whole = isSigned ? BigInt.asIntN(size * 16, unsigned) : unsigned
  if (factor !== undefined) return Number(`${whole}e${factor}`)
  return size === 4 ? whole : Number(whole)
}
