/**
 * Recorded Modbus TCP traffic as frames, and the register map that it shows: what each unit answered to which request. A
 * simulator can serve that map, so that the whole gateway is tried on what real plants say.
 */
import { messageOf } from '../core/errors.ts'
import { decodeFrame, decodeRequest, mbapFormat, type KnownRequest } from '../protocols/modbus/index.ts'
import { Framer } from '../wire/framer.ts'
import { readPcap, tcpStreams, type TcpPacket } from './pcap.ts'

/** A frame, or why there is none, and the packet in which it ended. */
export interface RecordedFrame {
  readonly packet: TcpPacket
  readonly toServer: boolean
  readonly transaction: number
  readonly unit: number
  readonly pdu: Uint8Array
  /** The whole frame as recorded. */
  readonly bytes: Uint8Array
}

export interface RecordedViolation {
  readonly packet: TcpPacket
  readonly toServer: boolean
  readonly reason: string
}

export interface Recording {
  readonly frames: readonly RecordedFrame[]
  readonly violations: readonly RecordedViolation[]
}

const MODBUS_PORT = 502

/** Every frame of a capture, in the order of its packets. After lost framing or a gap, reading begins anew with the next packet. */
export function readModbusCapture(path: string): Recording {
  const frames: RecordedFrame[] = []
  const violations: RecordedViolation[] = []
  const packets = readPcap(path).filter(({ sourcePort, destinationPort }) =>
    [sourcePort, destinationPort].includes(MODBUS_PORT),
  )
  for (const chunks of tcpStreams(packets)) {
    let framer = new Framer(mbapFormat)
    for (const { packet, bytes, afterGap } of chunks) {
      if (afterGap) framer = new Framer(mbapFormat)
      framer.push(bytes)
      const toServer = packet.destinationPort === MODBUS_PORT
      try {
        while (framer.next()) frames.push({ packet, toServer, ...cut(framer) })
      } catch (error) {
        violations.push({ packet, toServer, reason: messageOf(error) })
        framer = new Framer(mbapFormat)
      }
    }
  }
  const byNumber = (a: { packet: TcpPacket }, b: { packet: TcpPacket }) => a.packet.number - b.packet.number
  return { frames: frames.sort(byNumber), violations: violations.sort(byNumber) }
}

const cut = ({ bytes, start, end }: Framer) => ({ ...decodeFrame(bytes, start, end), bytes: bytes.slice(start, end) })

/** One request that a unit was seen to answer, with its last answer that was not an exception (else the exception). */
export interface RecordedAnswer {
  readonly function: number
  readonly address: number
  readonly count: number
  readonly responsePdu: Uint8Array
}

/** By unit id: the reads (functions 1 to 4) of a recording with their answers, each request once, by function and address. */
export function recordedUnits(path: string): Map<number, RecordedAnswer[]> {
  const asked = new Map<string, KnownRequest>()
  const units = new Map<number, Map<string, RecordedAnswer>>()
  for (const frame of readModbusCapture(path).frames) {
    const { packet, transaction, unit, pdu, toServer } = frame
    const client = toServer ? packet.source + packet.sourcePort : packet.destination + packet.destinationPort
    const server = toServer ? packet.destination : packet.source
    const key = `${client} ${server} ${transaction} ${unit} ${pdu[0]! & 0x7f}`
    if (toServer) {
      const request = readRequest(pdu)
      if (request !== undefined) asked.set(key, request)
      continue
    }
    const request = asked.get(key)
    asked.delete(key)
    if (request === undefined || !('count' in request)) continue
    const answers = units.get(unit) ?? new Map<string, RecordedAnswer>()
    units.set(unit, answers)
    const id = `${request.functionCode} ${request.address} ${request.count}`
    if (pdu[0]! >= 0x80 && answers.has(id)) continue
    const { functionCode, address, count } = request
    answers.set(id, { function: functionCode, address, count, responsePdu: pdu.slice() })
  }
  const sorted = [...units].sort(([a], [b]) => a - b)
  return new Map(
    sorted.map(([unit, answers]) => [
      unit,
      [...answers.values()].sort((a, b) => a.function - b.function || a.address - b.address || a.count - b.count),
    ]),
  )
}

function readRequest(pdu: Uint8Array): KnownRequest | undefined {
  if (pdu[0]! < 1 || pdu[0]! > 4 || pdu.length !== 5) return undefined
  return decodeRequest(pdu) as KnownRequest
}
