/** Modbus: the parts that programs use. Imports only `wire/`, `core/` and Node. */
export { ModbusClient, type DeviceIdentification, type ModbusClientOptions } from './client.ts'
export {
  loopback,
  readCounter,
  readEventCounter,
  readEventLog,
  readExceptionStatus,
  readServerId,
  type CounterName,
  type ServerId,
} from './client-diagnostics.ts'
export { readFifoQueue, readFileRecords, writeFileRecords, type RecordRange, type RecordWrite } from './client-files.ts'
export { AbandonedWriteError, type ExchangeStats, type ModbusFraming } from './exchange.ts'
export { EXCEPTIONS, ModbusException, describeException } from './exception.ts'
export { DIAGNOSTIC } from './pdu/diagnostics.ts'
export type { KnownRequest, KnownResponse } from './pdu/functions.ts'
export {
  checkRequest,
  decodeRequest,
  decodeResponse,
  describeFunction,
  encodeRequest,
  encodeResponse,
  isException,
  isKnown,
  replyMismatch,
  type ExceptionResponse,
  type ModbusRequest,
  type ModbusResponse,
  type OtherPdu,
} from './pdu/message.ts'
export { MAX_READ_BITS } from './pdu/read-bits.ts'
export { MAX_READ_REGISTERS } from './pdu/read-registers.ts'
export { MAX_WRITE_COILS } from './pdu/write-multiple-coils.ts'
export { MAX_WRITE_REGISTERS } from './pdu/write-multiple-registers.ts'
export { MAX_READ_WRITE_REGISTERS } from './pdu/read-write-multiple-registers.ts'
export type { ServerClient } from './client-role.ts'
export { READ_FUNCTIONS } from './read-functions.ts'
export { FileRecords, type FileLayout } from './file-records.ts'
export { RegisterBank, RegisterTable, type BankLayout, type Range, type TableName } from './register-bank.ts'
export {
  createModbusServer,
  type Answer,
  type Fault,
  type LineOptions,
  type ListenOptions,
  type ModbusServer,
  type ModbusServerOptions,
  type ModbusUnit,
  type ServerFraming,
  type ServerRequest,
  type ServerStats,
} from './server.ts'
export { decodeFrame, encodeFrame, mbapFormat } from './tcp.ts'
export type { ServerTls } from './server-listen.ts'
export { UnitDiagnostics, type LineCounters } from './unit-diagnostics.ts'
