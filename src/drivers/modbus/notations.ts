/**
 * Reads the notations of Modbus addresses that people bring along (field guide §4; README.md has the table): canonical
 * `hr:0`, Modicon reference numbers, Ignition, IEC 61131-3, Apache PLC4X and Neuron. A bare integer is refused, because half
 * of the world counts from 0 and the other half from 1.
 */
import type { DataType } from '../../core/value.ts'
import { isBitArea, LAST_OFFSET, UNRESOLVED, type Area, type ModbusAddress } from './address.ts'
import { Cursor } from './cursor.ts'
import { parseOrder, type ByteOrder } from './order.ts'
import { readSunSpec } from './sunspec/place.ts'

/** What the head of a notation says: the place, and type and length where it carries them. */
interface Place {
  readonly area: Area
  readonly offset: number
  readonly type?: DataType | undefined
  readonly length?: number | undefined
}

const AREA_OF_DIGIT: Record<string, Area> = { '0': 'co', '1': 'di', '3': 'ir', '4': 'hr' }
const AREA_OF_WORD: Record<string, Area> = {
  coil: 'co', 'discrete-input': 'di', 'input-register': 'ir', 'holding-register': 'hr',
} // prettier-ignore
const AREA_OF_IGNITION: Record<string, Area> = { HR: 'hr', IR: 'ir', C: 'co', DI: 'di' }
const TYPE_OF_IGNITION: Record<string, DataType> = {
  F: 'float32', D: 'float64', I: 'int32', UI: 'uint32', US: 'uint16', I_64: 'int64', UI_64: 'uint64', S: 'string',
} // prettier-ignore
const TYPE_OF_IEC: Record<string, DataType> = {
  BOOL: 'bool', SINT: 'int8', USINT: 'uint8', BYTE: 'uint8', INT: 'int16', UINT: 'uint16', WORD: 'uint16', DINT: 'int32',
  UDINT: 'uint32', DWORD: 'uint32', LINT: 'int64', ULINT: 'uint64', LWORD: 'uint64', REAL: 'float32', LREAL: 'float64',
} // prettier-ignore

/** Text → address, in any notation. Throws CONFIG_INVALID with `details.column` (1-based) and, where known, `details.suggestion`. */
export function parseAddress(text: string): ModbusAddress {
  const cursor = new Cursor(text)
  const unit = readUnit(cursor)
  const sunspec = readSunSpec(cursor)
  if (sunspec !== undefined) {
    if (!cursor.done) throw cursor.error(`unexpected '${cursor.rest}'`)
    return { area: 'hr', offset: UNRESOLVED, unit, type: sunspec.type, sunspec, text: text.trim() }
  }
  const place = readPlace(cursor)
  const bit = readBit(cursor, place)
  const typed = readIecType(cursor, place)
  const count = readCount(cursor, place)
  const settings = readBraces(cursor)
  const order = readNeuronOrder(cursor) ?? settings.order
  const length = readNeuronLength(cursor) ?? typed.length
  if (!cursor.done) throw cursor.error(`unexpected '${cursor.rest}'`)
  if (unit !== undefined && settings.unit !== undefined) throw cursor.error('the unit id is given twice')
  const neuronString = length !== undefined && typed.length === undefined
  return {
    area: place.area,
    offset: place.offset,
    bit,
    unit: unit ?? settings.unit,
    count,
    type: neuronString ? 'string' : typed.type,
    order: length?.order ?? order,
    length: length?.characters,
    text: text.trim(),
  }
}

/** `2.` before letters (Ignition) or `2!` before anything (Neuron). */
function readUnit(cursor: Cursor): number | undefined {
  const match = cursor.take(/(\d+)(?:!|\.(?=[A-Za-z%]|\dx))/y)
  return match === undefined ? undefined : cursor.number(match[1]!, 0, 255, 'unit id', 1)
}

function readPlace(cursor: Cursor): Place {
  return (
    readCanonical(cursor) ??
    readPlc4x(cursor) ??
    readReference(cursor) ??
    readIgnition(cursor) ??
    readIec(cursor) ??
    cursor.fail('this is no Modbus address; write for example hr:0, 40001 or %MW0')
  )
}

function readCanonical(cursor: Cursor): Place | undefined {
  const match = cursor.take(/(hr|ir|co|di):/iy)
  if (match === undefined) return undefined
  const digits = cursor.take(/0x[0-9a-f]+|\d+/iy) ?? cursor.fail('a number from 0 to 65535 is expected here')
  return { area: match[1]!.toLowerCase() as Area, offset: cursor.number(digits[0], 0, LAST_OFFSET, 'address') }
}

function readPlc4x(cursor: Cursor): Place | undefined {
  if (cursor.looksLike(/extended-register:/iy)) cursor.fail('extended registers (file records, FC20) are not supported')
  const match = cursor.take(/(holding-register|input-register|coil|discrete-input):/iy)
  if (match === undefined) return undefined
  const digits = cursor.take(/\d+/y) ?? cursor.fail('a number from 1 to 65536 is expected here')
  const area = AREA_OF_WORD[match[1]!.toLowerCase()]!
  return { area, offset: cursor.oneBased(digits[0], area) }
}

/** `40001`, `400001`, `4x00001`: a digit for the table, then a number that counts from 1. */
function readReference(cursor: Cursor): Place | undefined {
  const match = cursor.take(/(\d)x(\d+)/iy) ?? cursor.take(/(\d)(\d*)/y)
  if (match === undefined) return undefined
  const [whole, digit, digits] = match as unknown as [string, string, string]
  const area = AREA_OF_DIGIT[digit]
  const marked = /x/i.test(whole)
  if (!marked && (digits.length < 4 || (area === undefined && digits.length < 6)))
    return refuseBareInteger(cursor, whole)
  if (area === undefined)
    return cursor.failBack(
      whole,
      `there is no table ${digit}: 0 coils, 1 discrete inputs, 3 input registers, 4 holding registers`,
    )
  if (digits.length > 5)
    return cursor.failBack(whole, 'a reference number has five or six digits, from 1 to 65536 after the first')
  return { area, offset: cursor.oneBased(digits, area) }
}

function refuseBareInteger(cursor: Cursor, whole: string): never {
  const offset = Number(whole)
  const suggestion = `hr:${offset} or ${offset < 9999 ? 40001 + offset : 400001 + offset}`
  return cursor.failBack(whole, 'a bare number does not say its table, nor whether it counts from 0 or 1', suggestion)
}

/** `HR1`, `IR1`, `C1`, `DI1`, and with a type `HRF1`, `HRI1`, `HRUI1`, `HRUS1`, `HRD1`, `HRI_641`, `HRS1:20`. Counts from 1. */
function readIgnition(cursor: Cursor): Place | undefined {
  if (cursor.looksLike(/[HI]RBCD/iy)) cursor.fail('BCD values are not supported')
  const match = cursor.take(/(HR|IR|C(?=\d)|DI(?=\d))(F|D|I_64_?|UI_64_?|I|UI|US|S)?(?=\d)/iy)
  if (match === undefined) return undefined
  const area = AREA_OF_IGNITION[match[1]!.toUpperCase()]!
  const type = match[2] === undefined ? undefined : TYPE_OF_IGNITION[match[2].toUpperCase().replace(/_$/, '')]
  const offset = cursor.oneBased(cursor.take(/\d+/y)![0], area)
  if (type !== 'string') return { area, offset, type }
  const length = cursor.take(/:(\d+)/y) ?? cursor.fail('the length of the string is expected here, such as :20')
  return { area, offset, type, length: cursor.number(length[1]!, 1, 250, 'length') }
}

/** `%MW0` a register, `%M0` a coil; what other widths overlay differs by vendor. Counts from 0. */
function readIec(cursor: Cursor): Place | undefined {
  const wide = cursor.looksLike(/%M([BDFLX])/iy)
  if (wide)
    cursor.fail(
      `%M${wide[1]!.toUpperCase()} maps to different registers at different vendors`,
      'hr:N with the type of the tag (%MWN is register N)',
    )
  if (cursor.looksLike(/%[IQKS]/iy))
    cursor.fail('only the memory areas %MW (registers) and %M (coils) can be reached by Modbus')
  const match = cursor.take(/%M(W?)(?=\d)/iy)
  if (match === undefined) return undefined
  const digits = cursor.take(/\d+/y)![0]
  return { area: match[1] === '' ? 'co' : 'hr', offset: cursor.number(digits, 0, LAST_OFFSET, 'address') }
}

function readBit(cursor: Cursor, place: Place): number | undefined {
  const match = cursor.take(/\.(\d+)(?![\dHLDE])/iy)
  if (match === undefined) return undefined
  if (isBitArea(place.area))
    cursor.failBack(match[0], `a ${place.area === 'co' ? 'coil' : 'discrete input'} is one bit already`)
  return cursor.number(match[1]!, 0, 15, 'bit')
}

/** PLC4X's `:UINT`, `:STRING(20)`. */
function readIecType(cursor: Cursor, place: Place): { type: DataType | undefined; length?: Length | undefined } {
  const ownLength = place.length === undefined ? undefined : { characters: place.length }
  const match = cursor.take(/:([A-Za-z]+)(?:\((\d+)\))?/y)
  if (match === undefined) return { type: place.type, length: ownLength }
  const word = match[1]!.toUpperCase()
  if (word === 'STRING') {
    if (match[2] === undefined) cursor.fail('the length is expected here, such as STRING(20)')
    return { type: 'string', length: { characters: cursor.number(match[2], 1, 250, 'length', 1) } }
  }
  const type = Object.hasOwn(TYPE_OF_IEC, word) ? TYPE_OF_IEC[word] : undefined
  if (type === undefined)
    cursor.failBack(
      match[0].slice(1),
      `type ${word} is not known; known are ${Object.keys(TYPE_OF_IEC).join(', ')}, STRING(n)`,
    )
  return { type }
}

function readCount(cursor: Cursor, place: Place): number | undefined {
  const match = cursor.take(/\[(\d+)\]/y)
  if (match === undefined) return undefined
  return cursor.number(match[1]!, 1, LAST_OFFSET + 1 - place.offset, 'number of values', 1)
}

/** PLC4X's `{unit-id: 2, byte-order: 'BIG_ENDIAN'}`. */
function readBraces(cursor: Cursor): { unit?: number; order?: ByteOrder } {
  if (cursor.take(/\{/y) === undefined) return {}
  const found: { unit?: number; order?: ByteOrder } = {}
  do {
    const match =
      cursor.take(/\s*([A-Za-z-]+)\s*:\s*['"]?([\w-]+)['"]?\s*/y) ??
      cursor.fail('a setting such as unit-id: 2 is expected here')
    if (match[1] === 'unit-id') found.unit = cursor.number(match[2]!, 0, 255, 'unit-id')
    else if (match[1] === 'byte-order')
      found.order = parseOrder(match[2]!) ?? cursor.failBack(match[0], `byte order ${match[2]} is not known`)
    else cursor.failBack(match[0], `setting ${match[1]} is not known; known are unit-id and byte-order`)
  } while (cursor.take(/,/y) !== undefined)
  if (cursor.take(/\}/y) === undefined) cursor.fail("'}' is expected here")
  return found
}

/** Neuron's `#LL`, `#LB`, `#BL`, `#BB`, and `#L`, `#B` for one register. */
function readNeuronOrder(cursor: Cursor): ByteOrder | undefined {
  const match = cursor.take(/#(\w*)/y)
  if (match === undefined) return undefined
  const word = match[1]!.toUpperCase()
  if (!/^(?:LL|LB|BL|BB)$/.test(word))
    cursor.failBack(match[1]!, `order #${match[1]} is not known; known are #LL, #LB, #BL and #BB`)
  return parseOrder(word)
}

interface Length {
  readonly characters: number
  readonly order?: ByteOrder
}

/** Neuron's `.10H`: a string of ten characters, the high byte of each register first; L the low byte. */
function readNeuronLength(cursor: Cursor): Length | undefined {
  const match = cursor.take(/\.(\d+)([HLDE])/iy)
  if (match === undefined) return undefined
  const letter = match[2]!.toUpperCase()
  if (letter === 'D' || letter === 'E')
    cursor.failBack(letter, 'strings with one character a register are not supported; H and L are')
  return { characters: cursor.number(match[1]!, 1, 250, 'length', 1), order: letter === 'H' ? 'ABCD' : 'BADC' }
}
