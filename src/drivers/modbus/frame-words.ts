/**
 * A traced frame in words: unit, function and every field that its function has, taken from the codec of the function (Modbus
 * Application Protocol V1.1b3, clause 6), so that a new function is described without a line here.
 */
import { messageOf } from '../../core/errors.ts'
import {
  decodeRequest,
  decodeResponse,
  describeException,
  describeFunction,
  isException,
  type ModbusRequest,
  type ModbusResponse,
} from '../../protocols/modbus/index.ts'
import { cutFrame, type CutFrame } from './frames.ts'

/** So many registers, bits or bytes are shown; the hex text beside the words has the rest. */
const SHOWN_WORDS = 16
const SHOWN_BITS = 64
/** The values of Write Single Coil, clause 6.5. */
const COIL_VALUES: Readonly<Record<number, string>> = { 0xff00: 'on', 0x0000: 'off' }

/**
 * `unit 1 Read Holding Registers (03) address 0 count 10`. `request` is the request that this frame answers; undefined: this
 * frame is a request; empty: it answers nothing known.
 */
export function describeFrame(protocol: string, frame: Uint8Array, request: Uint8Array | undefined): string {
  const cut = cutFrame(protocol, frame)
  if (cut === undefined) return `${frame.length} bytes that are no frame`
  const asked = request === undefined ? undefined : cutFrame(protocol, request)
  const words = request === undefined ? requestWords(cut) : responseWords(cut, asked)
  return [`unit ${cut.unit}`, words, cut.problem].filter((part) => part !== undefined && part !== '').join(' ')
}

function requestWords({ pdu }: CutFrame): string {
  try {
    return messageWords(decodeRequest(pdu), undefined)
  } catch (error) {
    return brokenWords(pdu, error)
  }
}

function responseWords({ pdu }: CutFrame, asked: CutFrame | undefined): string {
  try {
    const response = decodeResponse(pdu)
    if (isException(response))
      return `${describeFunction(response.functionCode)} ${describeException(response.exceptionCode)}`
    return messageWords(response, bitCount(asked))
  } catch (error) {
    return brokenWords(pdu, error)
  }
}

const brokenWords = (pdu: Uint8Array, error: unknown): string =>
  `${describeFunction(pdu[0]! & 0x7f)} not as the function demands: ${messageOf(error)}`

/** A reply to a read of bits is padded to whole bytes: only the request says how many there are. */
function bitCount(asked: CutFrame | undefined): number | undefined {
  const pdu = asked?.pdu
  return pdu !== undefined && pdu.length === 5 && pdu[0]! <= 2 ? pdu[3]! * 256 + pdu[4]! : undefined
}

function messageWords(message: ModbusRequest | ModbusResponse, bits: number | undefined): string {
  const { functionCode, ...fields } = message
  const named = 'count' in fields && typeof fields.count === 'number' ? fields.count : bits
  return [describeFunction(functionCode), ...fieldWords(fields, functionCode, named)].join(' ')
}

function fieldWords(fields: object, functionCode: number, bits: number | undefined): string[] {
  return Object.entries(fields).map(([key, value]: [string, unknown]) => {
    if (key === 'bits' && value instanceof Uint8Array) return `bits ${bitWords(value, bits ?? value.length * 8)}`
    if (value instanceof Uint8Array) return `${nameOf(key)} ${key === 'registers' ? wordsOf(value) : bytesOf(value)}`
    if (Array.isArray(value))
      return value.map((item: object) => `[${fieldWords(item, functionCode, bits).join(' ')}]`).join(' ')
    if (key === 'value' && functionCode === 5) return `value ${COIL_VALUES[value as number] ?? String(value)}`
    if (key.endsWith('Mask')) return `${nameOf(key)} ${hexWord(value as number)}`
    return `${nameOf(key)} ${String(value)}`
  })
}

/** `readAddress` → `read address`. */
const nameOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const hexWord = (word: number): string => word.toString(16).toUpperCase().padStart(4, '0')

function wordsOf(bytes: Uint8Array): string {
  const words: string[] = []
  for (let at = 0; at + 1 < bytes.length && words.length < SHOWN_WORDS; at += 2)
    words.push(hexWord(bytes[at]! * 256 + bytes[at + 1]!))
  return shortened(words.join(' '), words.length, bytes.length >>> 1)
}

function bytesOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'none'
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f)
  if (isText && bytes.length > 2) return JSON.stringify(Buffer.from(bytes).toString('latin1'))
  const shown = bytes.subarray(0, SHOWN_WORDS * 2)
  return shortened(Buffer.from(shown).toString('hex').toUpperCase(), shown.length, bytes.length)
}

/** First bit first, in groups of eight. */
function bitWords(bytes: Uint8Array, count: number): string {
  const shown = Math.min(count, bytes.length * 8, SHOWN_BITS)
  let text = ''
  for (let bit = 0; bit < shown; bit++)
    text += `${bit > 0 && bit % 8 === 0 ? ' ' : ''}${(bytes[bit >>> 3]! >>> (bit & 7)) & 1}`
  return shortened(text, shown, count)
}

const shortened = (text: string, shown: number, all: number): string => (shown < all ? `${text} … ${all} in all` : text)
