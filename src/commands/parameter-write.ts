/** The write of a parameter: of a point that is no tag, as the very value that the device shall hold, on the road of every write. */
import type { Point } from '../core/driver.ts'
import { GatewayError } from '../core/errors.ts'
import type { Value } from '../core/value.ts'
import type { CommandDevice, Target } from './perform.ts'
import { withinLimits, type RawValue } from './raw-value.ts'
import type { Correlation } from '../core/correlation.ts'

export interface ParameterWrite {
  readonly device: string
  /** The parameter set; the parameter's name is in the settings of the point. */
  readonly set: string
  readonly point: Point<unknown>
  /** As the device holds it, scaling undone. */
  readonly raw: Value
  /** What the device held before, in engineering units. */
  readonly before: Value | undefined
  readonly user: string
  readonly from: string
  readonly reason?: string | undefined
  readonly correlation?: Correlation | undefined
  readonly deadlineMs?: number | undefined
}

/** What is written, and what was there. */
export interface Found {
  readonly target: Target
  readonly value: RawValue
  readonly before: Value | undefined
}

/** `set/parameter`, as the audit and messages have it. */
export const nameOf = ({ set, point }: ParameterWrite): string => `${set}/${point.settings.name}`

/** Throws NOT_FOUND, and INVALID_VALUE for what is outside the limits of the parameter. */
export function findParameter(device: CommandDevice | undefined, write: ParameterWrite): Found {
  const { device: name, point, raw, before } = write
  if (device === undefined)
    throw new GatewayError('NOT_FOUND', `There is no device ${name}.`, { details: { device: name } })
  const info = { id: point.tag, device: name, settings: { ...point.settings, name: nameOf(write) } }
  return { target: { info, device, point }, before, value: withinLimits(raw, info.settings) }
}
