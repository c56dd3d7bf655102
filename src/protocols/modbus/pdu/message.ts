/**
 * Requests and responses of all function codes: bytes ↔ values. Function codes without a file here are carried as
 * `{ functionCode, data }` and encode to the same bytes (CANopen, vendors' own).
 */
import { ByteReader } from '../../../wire/reader.ts'
import { ByteWriter } from '../../../wire/writer.ts'
import { MAX_PDU_BYTES } from './codec.ts'
import { CODECS, type AnyCodec, type KnownRequest, type KnownResponse } from './functions.ts'
import { MEI_READ_DEVICE_IDENTIFICATION, readDeviceIdentification } from './read-device-identification.ts'

/** A function code that has no file of its own: its data as it stands. */
export interface OtherPdu {
  readonly functionCode: number
  readonly data: Uint8Array
}

export type ModbusRequest = KnownRequest | OtherPdu

/** `exceptionCode` says why the device refused; `functionCode` is the request's, without the top bit. */
export interface ExceptionResponse {
  readonly functionCode: number
  readonly exceptionCode: number
  /** Bytes that some devices add, against the standard; they mean nothing. */
  readonly trailing?: Uint8Array
}

export type ModbusResponse = KnownResponse | ExceptionResponse | OtherPdu

const NONE = new Uint8Array(0)

/** True for requests whose fields are known; narrows the type. */
export const isKnown = (request: ModbusRequest): request is KnownRequest => !('data' in request)

export const isException = (response: ModbusResponse): response is ExceptionResponse => 'exceptionCode' in response

/** `Read Holding Registers (03)`; `function 8` for others. */
export function describeFunction(functionCode: number): string {
  const codec = CODECS.get(functionCode)
  return codec === undefined ? `function ${functionCode}` : `${codec.title} (${String(functionCode).padStart(2, '0')})`
}

/** Bytes of a request PDU. Throws RangeError for what does not fit its fields; limits are `checkRequest`'s. */
export function encodeRequest(request: ModbusRequest): Uint8Array {
  if (!isKnown(request)) return new ByteWriter(MAX_PDU_BYTES).uint8(request.functionCode).view(request.data).finish()
  const codec = CODECS.get(request.functionCode)!
  const writer = new ByteWriter(MAX_PDU_BYTES, codec.requestBytes)
  codec.writeRequest(writer, request as never)
  return writer.finish()
}

/** Throws PROTOCOL_VIOLATION when the bytes are not laid out as the function code demands. */
export function decodeRequest(bytes: Uint8Array, start = 0, end = bytes.length): ModbusRequest {
  const reader = new ByteReader(bytes, start, end)
  const functionCode = reader.uint8('function code')
  const codec = codecFor(functionCode, bytes[start + 1])
  if (codec === undefined) return { functionCode, data: reader.view(reader.left, 'data') }
  const request = codec.readRequest(reader)
  reader.expectEnd(codec.title)
  return request
}

/** Why a request breaks a limit of its function (a server answers exception 03); undefined: it does not. */
export const checkRequest = (request: ModbusRequest): string | undefined =>
  isKnown(request) ? CODECS.get(request.functionCode)!.check(request as never) : undefined

/** Bytes of a response PDU; exceptions get their top bit. */
export function encodeResponse(response: ModbusResponse): Uint8Array {
  const writer = new ByteWriter(MAX_PDU_BYTES)
  if (isException(response))
    writer
      .uint8(response.functionCode | 0x80)
      .uint8(response.exceptionCode)
      .view(response.trailing ?? NONE)
  else if ('data' in response) writer.uint8(response.functionCode).view(response.data)
  else CODECS.get(response.functionCode)!.writeResponse(writer, response)
  return writer.finish()
}

/** Throws PROTOCOL_VIOLATION when the bytes are not laid out as the function code demands. */
export function decodeResponse(bytes: Uint8Array, start = 0, end = bytes.length): ModbusResponse {
  const reader = new ByteReader(bytes, start, end)
  const functionCode = reader.uint8('function code')
  if (functionCode >= 0x80) {
    const exceptionCode = reader.uint8('exception code')
    const exception = { functionCode: functionCode & 0x7f, exceptionCode }
    return reader.left === 0 ? exception : { ...exception, trailing: reader.view(reader.left, 'trailing bytes') }
  }
  const codec = codecFor(functionCode, bytes[start + 1])
  if (codec === undefined) return { functionCode, data: reader.view(reader.left, 'data') }
  const response = codec.readResponse(reader)
  reader.expectEnd(codec.title)
  return response
}

/**
 * Why these response bytes cannot answer this request PDU (another function, a lying byte count, an echo that differs);
 * undefined: they can. Allocates nothing when they can.
 */
export function replyMismatch(request: Uint8Array, bytes: Uint8Array, start: number, end: number): string | undefined {
  const functionCode = bytes[start]
  if (functionCode === (request[0]! | 0x80) && request[0]! < 0x80) {
    return end - start >= 2 ? undefined : 'exception without a code'
  }
  if (functionCode !== request[0]) return `reply is for function ${functionCode}, ${request[0]} was asked`
  return codecFor(functionCode!, request[1])?.mismatch(request, bytes, start, end)
}

/** MEI types of function 43 other than Read Device Identification are carried as they are. */
function codecFor(functionCode: number, second: number | undefined): AnyCodec | undefined {
  if (functionCode === readDeviceIdentification.functionCode && second !== MEI_READ_DEVICE_IDENTIFICATION)
    return undefined
  return CODECS.get(functionCode)
}
