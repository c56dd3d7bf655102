/**
 * Where a tag's value lies in a traced answer: which registers its request asked for as a whole, and which bytes of the frame are the
 * tag's (Modbus Application Protocol V1.1b3, 6.1 to 6.4: data begins behind function code and byte count).
 */
import type { FramePlace, Point, TracedExchange } from '../../core/driver.ts'
import { AREAS, isBitArea, type ModbusAddress } from './address.ts'
import { cutFrame } from './frames.ts'
import type { ByteOrder } from './order.ts'
import { orderOf, spanLength, valueBytes } from './types.ts'

/** Bytes of a frame before the PDU; each byte of an ASCII frame is two characters. */
const HEADS = [
  ['/tcp', 7, 1],
  ['/rtu', 1, 1],
  ['/ascii', 3, 2],
] as const
/** The data of a read answer begins after function code and byte count. */
const REPLY_HEAD = 2

/** Undefined: the exchange did not ask for it. */
export function framePlace(
  { address, settings }: Point<ModbusAddress>,
  device: { readonly unit: number; readonly order: ByteOrder },
  { protocol, request, response }: TracedExchange,
): FramePlace | undefined {
  const asked = request && cutFrame(protocol, request)
  const { area, offset, unit = device.unit, bit } = address
  if (asked?.pdu.length !== 5 || asked.unit !== unit || asked.pdu[0] !== AREAS[area].readFunction) return undefined
  const first = asked.pdu[1]! * 256 + asked.pdu[2]!
  const count = asked.pdu[3]! * 256 + asked.pdu[4]!
  if (offset < first || offset + spanLength(address, settings) > first + count) return undefined
  const order = orderOf(address, settings, device.order)
  const isBit = isBitArea(area)
  const at = isBit ? (offset - first) >>> 3 : (offset - first) * 2
  const length = isBit ? 1 : bit === undefined ? valueBytes(address, settings) : 2
  const block = `${area}:${first}…${area}:${first + count - 1}`
  const reading = isBit
    ? `bit ${(offset - first) & 7} of its byte`
    : bit === undefined
      ? `${settings.type}, order ${order}`
      : `bit ${bit} of a register, order ${order}`
  const answer = response && cutFrame(protocol, response)
  const data = answer?.pdu[0] === asked.pdu[0] ? answer?.pdu.subarray(REPLY_HEAD) : undefined
  const bytes = data?.subarray(at, at + length)
  if (bytes?.length !== length) return { block, start: undefined, length: 0, bytes: undefined, reading }
  const [, head, width] = HEADS.find(([ending]) => protocol.endsWith(ending)) ?? HEADS[0]
  return { block, start: head + (REPLY_HEAD + at) * width, length: length * width, bytes, reading }
}
