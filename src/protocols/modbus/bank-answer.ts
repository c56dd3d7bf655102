/** How a register bank answers each function; order of checks as in Modbus Application Protocol V1.1b3, clause 6. */
import {
  diagnose,
  getCommEventCounter,
  getCommEventLog,
  readExceptionStatus,
  reportServerId,
} from './bank-diagnostics.ts'
import { ModbusException } from './exception.ts'
import type { KnownRequest } from './pdu/functions.ts'
import { checkRequest, isKnown, type ModbusRequest, type ModbusResponse } from './pdu/message.ts'
import { MAX_PDU_BYTES } from './pdu/codec.ts'
import type {
  ReadDeviceIdentificationRequest,
  ReadDeviceIdentificationResponse,
} from './pdu/read-device-identification.ts'
import { MAX_FIFO_COUNT, type ReadFifoQueueResponse } from './pdu/read-fifo-queue.ts'
import { COIL_OFF, COIL_ON } from './pdu/write-single-coil.ts'
import type { RegisterBank, RegisterTable } from './register-bank.ts'

/** Throws ModbusException 01 (function unknown), 03 (quantity or value), 02 (address). */
export function answerFromBank(bank: RegisterBank, request: ModbusRequest): ModbusResponse {
  if (!isKnown(request) || !isSupported(bank, request)) throw new ModbusException(1)
  // 6.17, 6.12 …: the quantity is checked before the address; a block past 65535 is an address error.
  if (checkRequest(request) !== undefined && !reachesPastEnd(request)) throw new ModbusException(3)
  return answerKnown(bank, request)
}

/** Clause 6: whether the function is there at all is asked before its quantities. */
function isSupported(bank: RegisterBank, { functionCode }: KnownRequest): boolean {
  if (functionCode === 20 || functionCode === 21) return !bank.files.empty
  if (functionCode === 24) return bank.fifos.size > 0
  return functionCode !== 43 || bank.layout.identification !== undefined
}

function answerKnown(bank: RegisterBank, request: KnownRequest): ModbusResponse {
  switch (request.functionCode) {
    case 1:
      return { functionCode: 1, bits: readBits(bank, bank.coils, request.address, request.count) }
    case 2:
      return { functionCode: 2, bits: readBits(bank, bank.discreteInputs, request.address, request.count) }
    case 3:
      return { functionCode: 3, registers: readRegisters(bank, bank.holdingRegisters, request.address, request.count) }
    case 4:
      return { functionCode: 4, registers: readRegisters(bank, bank.inputRegisters, request.address, request.count) }
    case 5:
      write(bank, bank.coils, request.address, [request.value === COIL_ON ? 1 : COIL_OFF])
      return request
    case 6:
      write(bank, bank.holdingRegisters, request.address, [request.value])
      return request
    case 7:
      return readExceptionStatus(bank)
    case 8:
      return diagnose(bank, request)
    case 11:
      return getCommEventCounter(bank)
    case 12:
      return getCommEventLog(bank)
    case 15:
      write(bank, bank.coils, request.address, unpackBits(request.bits, request.count))
      return { functionCode: 15, address: request.address, count: request.count }
    case 16:
      write(bank, bank.holdingRegisters, request.address, unpackRegisters(request.registers))
      return { functionCode: 16, address: request.address, count: request.count }
    case 17:
      return reportServerId(bank)
    case 20:
      return bank.files.read(request)
    case 21:
      return bank.files.write(request)
    case 22: {
      const old = bank.holdingRegisters.get(request.address)
      write(bank, bank.holdingRegisters, request.address, [
        (old & request.andMask) | (request.orMask & ~request.andMask & 0xffff),
      ])
      return request
    }
    case 23:
      bank.holdingRegisters.block(request.readAddress, request.readCount)
      write(bank, bank.holdingRegisters, request.writeAddress, unpackRegisters(request.registers))
      return {
        functionCode: 23,
        registers: readRegisters(bank, bank.holdingRegisters, request.readAddress, request.readCount),
      }
    case 24:
      return readQueue(bank, request.address)
    case 43:
      return identify(bank, request)
  }
}

/** Past 65535, and nothing else is wrong: from address 0 on it would be within the limits. */
function reachesPastEnd(request: KnownRequest): boolean {
  const moved = { ...request, address: 0, readAddress: 0, writeAddress: 0 }
  return checkRequest(moved) === undefined
}

function readBits(bank: RegisterBank, table: RegisterTable, address: number, count: number): Uint8Array {
  const values = table.block(address, count)
  bank.layout.onRead?.(table.name, address, count)
  const bits = new Uint8Array((count + 7) >> 3)
  for (let i = 0; i < count; i++) if (values[i] !== 0) bits[i >> 3]! |= 1 << (i & 7)
  return bits
}

function readRegisters(bank: RegisterBank, table: RegisterTable, address: number, count: number): Uint8Array {
  const values = table.block(address, count)
  bank.layout.onRead?.(table.name, address, count)
  const registers = new Uint8Array(count * 2)
  for (let i = 0; i < count; i++) {
    registers[i * 2] = values[i]! >>> 8
    registers[i * 2 + 1] = values[i]!
  }
  return registers
}

function write(bank: RegisterBank, table: RegisterTable, address: number, values: ArrayLike<number>): void {
  table.block(address, values.length).set(values)
  bank.layout.onWrite?.(table.name, address, values.length)
}

/** 6.18: an address without a queue is 02, a queue of more than 31 registers 03. */
function readQueue(bank: RegisterBank, address: number): ReadFifoQueueResponse {
  const queue = bank.fifos.get(address)
  if (queue === undefined) throw new ModbusException(2)
  if (queue.length > MAX_FIFO_COUNT) throw new ModbusException(3)
  return { functionCode: 24, registers: Uint8Array.from(queue.flatMap((word) => [word >>> 8, word & 0xff])) }
}

const unpackBits = (bits: Uint8Array, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (bits[i >> 3]! >> (i & 7)) & 1)

const unpackRegisters = (registers: Uint8Array): Uint16Array =>
  Uint16Array.from({ length: registers.length / 2 }, (_, i) => registers[i * 2]! * 256 + registers[i * 2 + 1]!)

/** 6.21: basic objects are 0…2, regular 3…127, extended 128…255; a stream begins anew when its object does not exist. */
function identify(bank: RegisterBank, request: ReadDeviceIdentificationRequest): ReadDeviceIdentificationResponse {
  const { identification = {} } = bank.layout
  const { level } = request
  const all = Object.entries(identification)
    .map(([id, text]) => ({ id: Number(id), value: Buffer.from(text, 'latin1').subarray(0, 244) }))
    .sort((a, b) => a.id - b.id)
  const highest = all.at(-1)?.id ?? 0
  const conformity = (highest >= 128 ? 3 : highest >= 3 ? 2 : 1) | 0x80
  const head = { functionCode: 43, meiType: 14, level, conformity } as const
  if (level === 4) {
    const one = all.find(({ id }) => id === request.objectId)
    if (one === undefined) throw new ModbusException(2)
    return { ...head, moreFollows: 0, nextObjectId: 0, objects: [one] }
  }
  const wanted = all.filter(({ id }) => id <= (level === 1 ? 2 : level === 2 ? 127 : 255))
  const from = Math.max(
    0,
    wanted.findIndex(({ id }) => id === request.objectId),
  )
  let bytes = 7
  let to = from
  while (to < wanted.length && bytes + 2 + wanted[to]!.value.length <= MAX_PDU_BYTES)
    bytes += 2 + wanted[to++]!.value.length
  const next = wanted[to]?.id
  return {
    ...head,
    moreFollows: next === undefined ? 0 : 0xff,
    nextObjectId: next ?? 0,
    objects: wanted.slice(from, to),
  }
}
