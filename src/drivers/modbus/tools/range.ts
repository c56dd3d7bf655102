/** The range of registers or bits that a tool is given as an address and a count. */
import { GatewayError } from '../../../core/errors.ts'
import { AREAS, isBitArea, LAST_OFFSET, type Area } from '../address.ts'
import { parseAddress } from '../notations.ts'

/** Registers or bits in a row; `unit` where the address names one. */
export interface Range {
  readonly area: Area
  readonly offset: number
  readonly count: number
  readonly unit: number | undefined
}

/** The range that begins at the address of this text. Throws INVALID_REQUEST that says what is wrong. */
export function parseRange(text: string, count: number): Range {
  const { area, offset, unit, bit, sunspec } = parsed(text)
  if (sunspec !== undefined)
    throw new GatewayError('INVALID_REQUEST', `address ${text}: expected registers, such as hr:0`)
  if (bit !== undefined)
    throw new GatewayError('INVALID_REQUEST', `address ${text}: expected whole registers, such as ${area}:${offset}`)
  if (offset + count - 1 > LAST_OFFSET)
    throw new GatewayError('INVALID_REQUEST', `${count} from ${text} on reach beyond the last address ${LAST_OFFSET}`)
  return { area, offset, count, unit }
}

/** As people call what a range consists of. */
export const nounOf = ({ area }: Pick<Range, 'area'>): string => `${AREAS[area].name}s`

export const isBits = ({ area }: Pick<Range, 'area'>): boolean => isBitArea(area)

// What is wrong in a request is no matter of a configuration.
function parsed(text: string): ReturnType<typeof parseAddress> {
  try {
    return parseAddress(text)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new GatewayError('INVALID_REQUEST', error.message, {
      cause: error,
      details: { errors: [{ detail: error.message, pointer: '#/address' }] },
    })
  }
}
