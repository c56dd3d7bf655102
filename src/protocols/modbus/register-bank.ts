/**
 * The four tables of a Modbus device (Modbus Application Protocol V1.1b3, 4.3) as typed arrays over the ranges that exist;
 * an address outside them answers exception 02. Values may be computed on read and watched on write.
 */
import { ModbusException } from './exception.ts'
import type { ModbusRequest, ModbusResponse } from './pdu/message.ts'
import { answerFromBank } from './bank-answer.ts'
import { FileRecords, type FileLayout } from './file-records.ts'
import type { ModbusUnit } from './server.ts'
import { UnitDiagnostics } from './unit-diagnostics.ts'

export type TableName = 'coils' | 'discreteInputs' | 'inputRegisters' | 'holdingRegisters'

/** Addresses `address` … `address + count - 1` exist. */
export interface Range {
  readonly address: number
  readonly count: number
}

/** Which addresses exist; a table that is absent has none. */
export interface BankLayout extends Partial<Record<TableName, readonly Range[]>> {
  /** Before a read is answered: the place to compute the values of a simulation. */
  onRead?(table: TableName, address: number, count: number): void
  /** After a client's write is in the table. */
  onWrite?(table: TableName, address: number, count: number): void
  /** Objects of Read Device Identification: id → text; without it the function is not supported. */
  readonly identification?: Readonly<Record<number, string>>
  /** What Read Exception Status answers at first; without it the function is not supported. */
  readonly exceptionStatus?: number
  /** What Report Server ID answers: id, run indicator, anything; without it the function is not supported. */
  readonly serverId?: Uint8Array
  /** Files of Read and Write File Record; without any the functions are not supported. */
  readonly files?: readonly FileLayout[]
  /** Addresses of FIFO queues; without any Read FIFO Queue is not supported. */
  readonly fifos?: readonly number[]
}

/** One table: values of 16 bits (registers) or 0 and 1 (bits), one element each. */
export class RegisterTable {
  readonly name: TableName
  readonly #ranges: readonly { readonly address: number; readonly values: Uint16Array }[]

  constructor(name: TableName, ranges: readonly Range[]) {
    this.name = name
    this.#ranges = merged(ranges).map(({ address, count }) => ({ address, values: new Uint16Array(count) }))
  }

  /** The stored values themselves, writable; ModbusException 02 unless the whole block exists. */
  block(address: number, count: number): Uint16Array {
    for (const range of this.#ranges) {
      const offset = address - range.address
      if (offset >= 0 && offset + count <= range.values.length) return range.values.subarray(offset, offset + count)
    }
    throw new ModbusException(2)
  }

  get(address: number): number {
    return this.block(address, 1)[0]!
  }

  /** Stores `value` modulo 65,536. */
  set(address: number, value: number): void {
    this.block(address, 1)[0] = value
  }
}

/** A unit made of four tables, files and queues; serves all functions of this library. */
export class RegisterBank implements ModbusUnit {
  readonly coils: RegisterTable
  readonly discreteInputs: RegisterTable
  readonly inputRegisters: RegisterTable
  readonly holdingRegisters: RegisterTable
  readonly files: FileRecords
  /** By the address of the queue: its registers, the oldest first. The owner pushes and shifts; more than 31 answer exception 03. */
  readonly fifos: ReadonlyMap<number, number[]>
  readonly layout: BankLayout
  readonly diagnostics = new UnitDiagnostics()
  /** Eight flags, for Read Exception Status. */
  exceptionStatus: number | undefined
  /** For Diagnostics, Return Diagnostic Register. */
  diagnosticRegister = 0

  constructor(layout: BankLayout) {
    this.layout = layout
    this.files = new FileRecords(layout.files ?? [])
    this.fifos = new Map((layout.fifos ?? []).map((address) => [address, []]))
    this.exceptionStatus = layout.exceptionStatus
    this.coils = new RegisterTable('coils', layout.coils ?? [])
    this.discreteInputs = new RegisterTable('discreteInputs', layout.discreteInputs ?? [])
    this.inputRegisters = new RegisterTable('inputRegisters', layout.inputRegisters ?? [])
    this.holdingRegisters = new RegisterTable('holdingRegisters', layout.holdingRegisters ?? [])
  }

  answer(request: ModbusRequest): ModbusResponse {
    return answerFromBank(this, request)
  }
}

/** Ranges that touch or overlap become one, so that a block may span them. */
function merged(ranges: readonly Range[]): Range[] {
  const result: Range[] = []
  for (const range of [...ranges].sort((a, b) => a.address - b.address)) {
    const end = range.address + range.count
    if (range.address < 0 || range.count < 1 || end > 65536)
      throw new RangeError(`range ${range.address} + ${range.count}: 0 to 65536`)
    const last = result.at(-1)
    if (last === undefined || range.address > last.address + last.count) result.push(range)
    else
      result[result.length - 1] = {
        address: last.address,
        count: Math.max(last.address + last.count, end) - last.address,
      }
  }
  return result
}
