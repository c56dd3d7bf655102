/**
 * Function code 8, Diagnostics: tests of the line and counters of the device, told apart by a sub-function (Modbus
 * Application Protocol V1.1b3, 6.8). Sub-functions without a name here are carried as they are.
 */
import { echoMismatch, lengthMismatch, wordAt, type FunctionCodec } from './codec.ts'

/** Sub-functions by the names of 6.8.1. */
export const DIAGNOSTIC = {
  returnQueryData: 0,
  restartCommunications: 1,
  returnDiagnosticRegister: 2,
  changeAsciiDelimiter: 3,
  forceListenOnly: 4,
  clearCounters: 10,
  busMessageCount: 11,
  busCommunicationErrorCount: 12,
  busExceptionErrorCount: 13,
  serverMessageCount: 14,
  serverNoResponseCount: 15,
  serverNakCount: 16,
  serverBusyCount: 17,
  busCharacterOverrunCount: 18,
  clearOverrunCounter: 20,
} as const

/** The response has the same form; for the counters and the register its payload is one word. */
export interface Diagnostics {
  readonly functionCode: 8
  readonly subFunction: number
  /** Two bytes for all sub-functions but Return Query Data, where it is any number of them. */
  readonly payload: Uint8Array
}

/** `request = response = 08 · subFunction:uint16 · payload`; Force Listen Only Mode has no response. */
export const diagnostics: FunctionCodec<Diagnostics, Diagnostics> = {
  functionCode: 8,
  title: 'Diagnostics',
  writeRequest: (writer, { subFunction, payload }) => void writer.uint8(8).uint16(subFunction).view(payload),
  readRequest: (reader) => ({
    functionCode: 8,
    subFunction: reader.uint16('sub-function'),
    payload: reader.view(reader.left, 'data'),
  }),
  writeResponse: (writer, response) => diagnostics.writeRequest(writer, response),
  readResponse: (reader) => diagnostics.readRequest(reader),
  check: ({ subFunction, payload }) => checkPayload(subFunction, payload),
  mismatch(request, bytes, start, end) {
    const subFunction = wordAt(request, 1)
    if (!KNOWN.has(subFunction)) return subFunctionMismatch(request, bytes, start, end)
    if (!ANSWERED_BY_WORD.has(subFunction)) return echoMismatch(request.length, request, bytes, start, end)
    return subFunctionMismatch(request, bytes, start, end) ?? lengthMismatch(5, start, end)
  },
}

const KNOWN: ReadonlySet<number> = new Set(Object.values(DIAGNOSTIC))
/** 6.8.1: the diagnostic register and the counters; all others echo the request. */
const ANSWERED_BY_WORD: ReadonlySet<number> = new Set([2, 11, 12, 13, 14, 15, 16, 17, 18])

function checkPayload(subFunction: number, payload: Uint8Array): string | undefined {
  if (subFunction === DIAGNOSTIC.returnQueryData || !KNOWN.has(subFunction)) return undefined
  if (payload.length !== 2) return `sub-function ${subFunction} has 2 bytes of data, ${payload.length} are there`
  const word = wordAt(payload, 0)
  if (subFunction === DIAGNOSTIC.restartCommunications)
    return word === 0 || word === 0xff00 ? undefined : `restart option 0x${word.toString(16)} is neither 0000 nor FF00`
  if (subFunction === DIAGNOSTIC.changeAsciiDelimiter)
    return payload[1] === 0 ? undefined : 'the delimiter is followed by a zero byte'
  return word === 0 ? undefined : `data 0x${word.toString(16)} of sub-function ${subFunction} is not 0`
}

function subFunctionMismatch(request: Uint8Array, bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start < 3) return 'reply without a sub-function'
  return bytes[start + 1] === request[1] && bytes[start + 2] === request[2]
    ? undefined
    : `reply is for sub-function ${wordAt(bytes, start + 1)}, ${wordAt(request, 1)} was asked`
}
