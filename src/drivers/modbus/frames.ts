/**
 * A traced frame cut into unit and PDU, whatever it travelled in: MBAP (Messaging on TCP/IP V1.0b, 3.1.3), RTU or ASCII (Modbus
 * over Serial Line V1.02, 2.5). What is known of it by its frame alone: its function, its exception, how Wireshark reads it.
 */
import type { CapturedFrame, FrameFacts } from '../../core/driver.ts'
import { lrc } from '../../protocols/modbus/ascii.ts'
import { crc16, encodeRtuFrame } from '../../protocols/modbus/rtu.ts'

/** A frame's unit and PDU, and what is wrong with what stands around them. */
export interface CutFrame {
  readonly unit: number
  readonly pdu: Uint8Array
  readonly problem?: string | undefined
}

const MBAP_BYTES = 7
/** The port by which Wireshark tells requests from answers. */
const MODBUS_PORT = 502

/** Undefined when there is not even a function code. */
export function cutFrame(protocol: string, frame: Uint8Array): CutFrame | undefined {
  const cut = protocol.endsWith('/rtu') ? cutRtu(frame) : protocol.endsWith('/ascii') ? cutAscii(frame) : cutMbap(frame)
  return cut === undefined || cut.pdu.length === 0 ? undefined : cut
}

/** What a trace can be filtered by. */
export function inspectFrame(protocol: string, frame: Uint8Array): FrameFacts | undefined {
  const cut = cutFrame(protocol, frame)
  if (cut === undefined) return undefined
  const { unit, pdu } = cut
  const code = pdu[0]!
  return { unit, functionCode: code & 0x7f, ...(code >= 0x80 && pdu.length > 1 ? { exceptionCode: pdu[1]! } : {}) }
}

/** Wireshark has no dissector for ASCII frames: it gets them as RTU, with the CRC that RTU would have. */
export function captureFrame(protocol: string, frame: Uint8Array): CapturedFrame | undefined {
  if (protocol.endsWith('/tcp')) return { dissector: 'mbtcp', port: MODBUS_PORT, bytes: frame }
  if (protocol.endsWith('/rtu')) return { dissector: 'mbrtu', port: MODBUS_PORT, bytes: frame, note: noteOf(frame) }
  const cut = cutFrame(protocol, frame)
  if (cut === undefined || cut.problem !== undefined) return undefined
  const text = Buffer.from(frame).toString('latin1').trimEnd()
  const bytes = encodeRtuFrame(cut.unit, cut.pdu)
  return {
    dissector: 'mbrtu',
    port: MODBUS_PORT,
    bytes,
    note: [`an ASCII frame, shown as RTU; on the wire: ${text}`, noteOf(bytes)]
      .filter((note) => note !== undefined)
      .join('; '),
  }
}

/** Wireshark passes RTU frames of four bytes over: functions that ask with nothing but their code. */
const noteOf = (frame: Uint8Array): string | undefined =>
  frame.length === 4 ? `unit ${frame[0]}, function ${frame[1]}: too short for Wireshark's reader of RTU` : undefined

function cutMbap(frame: Uint8Array): CutFrame | undefined {
  if (frame.length < MBAP_BYTES) return undefined
  const announced = frame[4]! * 256 + frame[5]! + 6
  const problem = announced === frame.length ? undefined : `${frame.length} bytes, announced are ${announced}`
  return { unit: frame[6]!, pdu: frame.subarray(MBAP_BYTES), problem }
}

function cutRtu(frame: Uint8Array): CutFrame | undefined {
  if (frame.length < 4) return undefined
  const end = frame.length - 2
  const problem = crc16(frame) === 0 ? undefined : `CRC ${hex(frame[end]!)}${hex(frame[end + 1]!)} is wrong`
  return { unit: frame[0]!, pdu: frame.subarray(1, end), problem }
}

function cutAscii(frame: Uint8Array): CutFrame | undefined {
  const digits = /^:((?:[0-9a-f]{2}){3,})\r?\n?$/i.exec(Buffer.from(frame).toString('latin1'))?.[1]
  if (digits === undefined) return undefined
  const bytes = Buffer.from(digits, 'hex')
  const end = bytes.length - 1
  const problem = lrc(bytes, 0, end) === bytes[end] ? undefined : `LRC ${hex(bytes[end]!)} is wrong`
  return { unit: bytes[0]!, pdu: bytes.subarray(1, end), problem }
}

const hex = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0')
