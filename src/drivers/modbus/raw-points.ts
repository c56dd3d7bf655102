/**
 * The registers, or bits, that the values of points were made of, found again in traced frames: for people who look for the byte order.
 * A read request names its first register and how many (Modbus Application Protocol V1.1b3, 6.1 to 6.4); the reply has the data only.
 */
import type { Point, TracedExchange } from '../../core/driver.ts'
import { AREAS, isBitArea, type Area, type ModbusAddress } from './address.ts'
import { cutFrame } from './frames.ts'
import type { ModbusOptions } from './options.ts'
import { spanLength } from './types.ts'

interface Read {
  readonly unit: number
  readonly area: Area
  readonly offset: number
  readonly count: number
  readonly data: Uint8Array
}

/** Two bytes a register, one byte a bit. The newest read that holds the whole point counts. */
export function rawOf(
  points: readonly Point<ModbusAddress>[],
  exchanges: readonly TracedExchange[],
  options: ModbusOptions,
): (Uint8Array | undefined)[] {
  const reads = exchanges.flatMap((exchange) => readOf(exchange) ?? []).reverse()
  return points.map(({ address, settings }) => {
    if (address.sunspec !== undefined) return undefined
    const { area, offset, unit = options.unit } = address
    const end = offset + spanLength(address, settings)
    const read = reads.find((one) => one.unit === unit && one.area === area && one.offset <= offset && one.offset + one.count >= end) // prettier-ignore
    return read && partOf(read, offset, end)
  })
}

/** Undefined for what is no read, or has no good answer. */
function readOf({ protocol, request, response }: TracedExchange): Read | undefined {
  if (request === undefined || response === undefined) return undefined
  const [asked, answer] = [cutFrame(protocol, request), cutFrame(protocol, response)]
  if (asked === undefined || answer === undefined || asked.pdu.length < 5) return undefined
  const code = asked.pdu[0]!
  const area = (Object.keys(AREAS) as Area[]).find((one) => AREAS[one].readFunction === code)
  if (area === undefined || answer.pdu[0] !== code) return undefined
  const word = (at: number): number => asked.pdu[at]! * 256 + asked.pdu[at + 1]!
  const [offset, count, data] = [word(1), word(3), answer.pdu.subarray(2)]
  const isWhole = data.length >= (isBitArea(area) ? Math.ceil(count / 8) : count * 2)
  return isWhole ? { unit: asked.unit, area, offset, count, data } : undefined
}

function partOf({ area, offset: first, data }: Read, offset: number, end: number): Uint8Array {
  if (!isBitArea(area)) return data.slice((offset - first) * 2, (end - first) * 2)
  return Uint8Array.from({ length: end - offset }, (_, at) => {
    const bit = offset - first + at
    return (data[bit >>> 3]! >>> (bit & 7)) & 1
  })
}
