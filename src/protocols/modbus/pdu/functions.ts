/**
 * The function codes that have a file of their own: their codecs in a table, their messages as types. A new function is a
 * file beside this one, and its lines here.
 */
import type { ByteReader } from '../../../wire/reader.ts'
import type { FunctionCodec } from './codec.ts'
import { diagnostics, type Diagnostics } from './diagnostics.ts'
import {
  getCommEventCounter,
  type GetCommEventCounterRequest,
  type GetCommEventCounterResponse,
} from './get-comm-event-counter.ts'
import { getCommEventLog, type GetCommEventLogRequest, type GetCommEventLogResponse } from './get-comm-event-log.ts'
import { maskWriteRegister, type MaskWriteRegister } from './mask-write-register.ts'
import { readCoils, type ReadCoilsRequest, type ReadCoilsResponse } from './read-coils.ts'
import {
  readDeviceIdentification,
  type ReadDeviceIdentificationRequest,
  type ReadDeviceIdentificationResponse,
} from './read-device-identification.ts'
import {
  readDiscreteInputs,
  type ReadDiscreteInputsRequest,
  type ReadDiscreteInputsResponse,
} from './read-discrete-inputs.ts'
import {
  readHoldingRegisters,
  type ReadHoldingRegistersRequest,
  type ReadHoldingRegistersResponse,
} from './read-holding-registers.ts'
import {
  readInputRegisters,
  type ReadInputRegistersRequest,
  type ReadInputRegistersResponse,
} from './read-input-registers.ts'
import {
  readWriteMultipleRegisters,
  type ReadWriteMultipleRegistersRequest,
  type ReadWriteMultipleRegistersResponse,
} from './read-write-multiple-registers.ts'
import {
  writeMultipleCoils,
  type WriteMultipleCoilsRequest,
  type WriteMultipleCoilsResponse,
} from './write-multiple-coils.ts'
import {
  writeMultipleRegisters,
  type WriteMultipleRegistersRequest,
  type WriteMultipleRegistersResponse,
} from './write-multiple-registers.ts'
import { writeSingleCoil, type WriteSingleCoil } from './write-single-coil.ts'
import { writeSingleRegister, type WriteSingleRegister } from './write-single-register.ts'
import {
  readExceptionStatus,
  type ReadExceptionStatusRequest,
  type ReadExceptionStatusResponse,
} from './read-exception-status.ts'
import { readFifoQueue, type ReadFifoQueueRequest, type ReadFifoQueueResponse } from './read-fifo-queue.ts'
import { readFileRecord, type ReadFileRecordRequest, type ReadFileRecordResponse } from './read-file-record.ts'
import { reportServerId, type ReportServerIdRequest, type ReportServerIdResponse } from './report-server-id.ts'
import { writeFileRecord, type WriteFileRecord } from './write-file-record.ts'

/** A request with a function code that this library knows. */
export type KnownRequest =
  | ReadCoilsRequest
  | ReadDiscreteInputsRequest
  | ReadHoldingRegistersRequest
  | ReadInputRegistersRequest
  | WriteSingleCoil
  | WriteSingleRegister
  | ReadExceptionStatusRequest
  | Diagnostics
  | GetCommEventCounterRequest
  | GetCommEventLogRequest
  | WriteMultipleCoilsRequest
  | WriteMultipleRegistersRequest
  | ReportServerIdRequest
  | ReadFileRecordRequest
  | WriteFileRecord
  | MaskWriteRegister
  | ReadWriteMultipleRegistersRequest
  | ReadFifoQueueRequest
  | ReadDeviceIdentificationRequest

/** A response that is no exception, with a function code that this library knows. */
export type KnownResponse =
  | ReadCoilsResponse
  | ReadDiscreteInputsResponse
  | ReadHoldingRegistersResponse
  | ReadInputRegistersResponse
  | WriteSingleCoil
  | WriteSingleRegister
  | ReadExceptionStatusResponse
  | Diagnostics
  | GetCommEventCounterResponse
  | GetCommEventLogResponse
  | WriteMultipleCoilsResponse
  | WriteMultipleRegistersResponse
  | ReportServerIdResponse
  | ReadFileRecordResponse
  | WriteFileRecord
  | MaskWriteRegister
  | ReadWriteMultipleRegistersResponse
  | ReadFifoQueueResponse
  | ReadDeviceIdentificationResponse

/** A codec out of the table; which messages it takes is known by the function code alone. */
export type AnyCodec = FunctionCodec<never, KnownResponse> & { readRequest(reader: ByteReader): KnownRequest }

/** By function code. */
export const CODECS: ReadonlyMap<number, AnyCodec> = new Map<number, AnyCodec>(
  [
    readCoils,
    readDiscreteInputs,
    readHoldingRegisters,
    readInputRegisters,
    writeSingleCoil,
    writeSingleRegister,
    readExceptionStatus,
    diagnostics,
    getCommEventCounter,
    getCommEventLog,
    writeMultipleCoils,
    writeMultipleRegisters,
    reportServerId,
    readFileRecord,
    writeFileRecord,
    maskWriteRegister,
    readWriteMultipleRegisters,
    readFifoQueue,
    readDeviceIdentification,
  ].map((codec) => [codec.functionCode, codec as unknown as AnyCodec]),
)
