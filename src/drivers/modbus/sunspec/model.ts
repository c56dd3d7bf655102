/**
 * SunSpec information models (SunSpec Device Information Model Specification V1.1, 3): what the registers of a device hold,
 * by model id. The definitions are data, one file a model in `templates/sunspec/models`, read when first named.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { templatesFolder } from '../../../core/package-files.ts'
import type { PointType } from './point-type.ts'

/** One point of a model. */
export interface ModelPoint {
  readonly name: string
  readonly type: PointType
  /** In registers. */
  readonly size: number
  /** The point that holds the power of ten, or the power itself. */
  readonly sf?: string | number
  readonly units?: string
  readonly label?: string
  readonly writable?: boolean
  readonly mandatory?: boolean
  readonly static?: boolean
  /** Name → value of an enumeration, or number of the bit of a bit field. */
  readonly symbols?: Readonly<Record<string, number>>
}

/** Points that belong together; with a `count`, as many times as it says (0: as often as the model is long). */
export interface ModelGroup {
  readonly name: string
  readonly label?: string
  readonly count?: string | number
  readonly points: readonly ModelPoint[]
  readonly groups?: readonly ModelGroup[]
}

/** A model: the group of all its points, its id and length (registers `ID` and `L`) first. */
export interface Model extends ModelGroup {
  readonly id: number
}

/** The model with the identity of the device: manufacturer, model, version, serial number. */
export const COMMON_MODEL = 1

const FOLDER = join(templatesFolder, 'sunspec', 'models')

/** Files that ship with the program and never change while it runs; a file is read once. */
const read = new Map<number, Model | undefined>()

/** The definition of a model; undefined for one that is not in the library, such as a vendor's own. */
export function modelOf(id: number): Model | undefined {
  if (!read.has(id)) read.set(id, readModel(id))
  return read.get(id)
}

function readModel(id: number): Model | undefined {
  try {
    return JSON.parse(readFileSync(join(FOLDER, `${id}.json`), 'utf8')) as Model
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
