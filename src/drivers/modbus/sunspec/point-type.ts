/**
 * The types of SunSpec points: how each lies in registers, which value means "not implemented", and what type its tag has
 * (SunSpec Device Information Model Specification V1.1, 3.3 and table of unimplemented values). All are big-endian.
 */
import type { DataType } from '../../../core/value.ts'
import type { ModelPoint } from './model.ts'

/** The words of the model files. */
export type PointType =
  | 'int16' | 'uint16' | 'count' | 'acc16' | 'enum16' | 'bitfield16' | 'pad' | 'sunssf'
  | 'int32' | 'uint32' | 'acc32' | 'enum32' | 'bitfield32' | 'ipaddr' | 'float32'
  | 'int64' | 'uint64' | 'acc64' | 'bitfield64' | 'float64' | 'ipv6addr' | 'eui48' | 'string' // prettier-ignore

/** How the registers become a value: 'integer' as it is read, the others by `value.ts`. */
export type PointKind = 'integer' | 'big' | 'float32' | 'float64' | 'ipaddr' | 'ipv6addr' | 'eui48' | 'string'

export interface PointInfo {
  readonly kind: PointKind
  /** As what the registers are read. */
  readonly raw: DataType
  /** The type of a tag at this point, where nothing is scaled. */
  readonly type: DataType
  /** The integer that says that the device does not implement the point; the other kinds have patterns in `value.ts`. */
  readonly unimplemented: bigint | undefined
}

const integer = (raw: DataType, unimplemented: bigint | undefined): PointInfo => ({
  kind: raw.endsWith('64') ? 'big' : 'integer',
  raw,
  type: raw,
  unimplemented,
})

// Floats are read as integers: a NaN keeps its pattern, and no status of the decoder hides it.
const TYPES: Record<PointType, PointInfo> = {
  int16: integer('int16', -(2n ** 15n)),
  sunssf: integer('int16', -(2n ** 15n)),
  pad: integer('uint16', undefined),
  uint16: integer('uint16', 0xffffn),
  count: integer('uint16', 0xffffn),
  enum16: integer('uint16', 0xffffn),
  bitfield16: integer('uint16', 0xffffn),
  acc16: integer('uint16', 0n),
  int32: integer('int32', -(2n ** 31n)),
  uint32: integer('uint32', 0xffff_ffffn),
  enum32: integer('uint32', 0xffff_ffffn),
  bitfield32: integer('uint32', 0xffff_ffffn),
  acc32: integer('uint32', 0n),
  int64: integer('int64', -(2n ** 63n)),
  uint64: integer('uint64', 2n ** 64n - 1n),
  bitfield64: integer('uint64', 2n ** 64n - 1n),
  acc64: integer('uint64', 0n),
  float32: { kind: 'float32', raw: 'uint32', type: 'float32', unimplemented: undefined },
  float64: { kind: 'float64', raw: 'uint64', type: 'float64', unimplemented: undefined },
  ipaddr: { kind: 'ipaddr', raw: 'uint32', type: 'string', unimplemented: 0n },
  ipv6addr: { kind: 'ipv6addr', raw: 'bytes', type: 'string', unimplemented: undefined },
  eui48: { kind: 'eui48', raw: 'bytes', type: 'string', unimplemented: undefined },
  string: { kind: 'string', raw: 'bytes', type: 'string', unimplemented: undefined },
}

export const pointInfo = (point: ModelPoint): PointInfo => TYPES[point.type]

/** The type of a tag at this point: a scaled one is a float64, which holds every decimal that 32 bits and a power of ten make. */
export const tagType = (point: ModelPoint): DataType => (point.sf === undefined ? pointInfo(point).type : 'float64')
