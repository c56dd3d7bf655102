/**
 * How a register bank answers the functions about itself and its line: 7, 8, 11, 12 and 17 (Modbus Application Protocol
 * V1.1b3, 6.7 to 6.10 and 6.13). The counters are kept by the server that the bank answers for.
 */
import { ModbusException } from './exception.ts'
import { DIAGNOSTIC, type Diagnostics } from './pdu/diagnostics.ts'
import type { KnownResponse } from './pdu/functions.ts'
import type { RegisterBank } from './register-bank.ts'
import type { UnitDiagnostics } from './unit-diagnostics.ts'

/** 6.9: no program command is being worked on. */
const READY = 0x0000
const CLEAR_LOG = 0xff

/** Throws ModbusException 01 where the bank has no such flags. */
export function readExceptionStatus({ exceptionStatus }: RegisterBank): KnownResponse {
  if (exceptionStatus === undefined) throw new ModbusException(1)
  return { functionCode: 7, status: exceptionStatus & 0xff }
}

/** Throws ModbusException 01 where the bank has no id. */
export function reportServerId({ layout: { serverId } }: RegisterBank): KnownResponse {
  if (serverId === undefined) throw new ModbusException(1)
  return { functionCode: 17, content: serverId }
}

export const getCommEventCounter = ({ diagnostics }: RegisterBank): KnownResponse => ({
  functionCode: 11,
  status: READY,
  eventCount: diagnostics.completed & 0xffff,
})

export const getCommEventLog = ({ diagnostics }: RegisterBank): KnownResponse => ({
  functionCode: 12,
  status: READY,
  eventCount: diagnostics.completed & 0xffff,
  messageCount: diagnostics.busMessages & 0xffff,
  events: diagnostics.events(),
})

/** Throws ModbusException 01 for sub-functions that are reserved or concern only a port of its own. */
export function diagnose(bank: RegisterBank, request: Diagnostics): Diagnostics {
  const { diagnostics } = bank
  const { subFunction, payload } = request
  switch (subFunction) {
    case DIAGNOSTIC.returnQueryData:
      return request
    case DIAGNOSTIC.restartCommunications:
      diagnostics.restart(payload[0] === CLEAR_LOG)
      return request
    case DIAGNOSTIC.returnDiagnosticRegister:
      return withWord(subFunction, bank.diagnosticRegister)
    case DIAGNOSTIC.clearCounters:
      diagnostics.clear()
      bank.diagnosticRegister = 0
      return request
    case DIAGNOSTIC.clearOverrunCounter:
      diagnostics.overruns = 0
      return request
  }
  const counter = COUNTERS[subFunction]
  if (counter === undefined) throw new ModbusException(1)
  return withWord(subFunction, counter(diagnostics))
}

/** 6.8.1, sub-functions 11 to 18. */
const COUNTERS: Readonly<Record<number, (diagnostics: UnitDiagnostics) => number>> = {
  [DIAGNOSTIC.busMessageCount]: ({ busMessages }) => busMessages,
  [DIAGNOSTIC.busCommunicationErrorCount]: ({ busErrors }) => busErrors,
  [DIAGNOSTIC.busExceptionErrorCount]: ({ exceptions }) => exceptions,
  [DIAGNOSTIC.serverMessageCount]: ({ messages }) => messages,
  [DIAGNOSTIC.serverNoResponseCount]: ({ noResponses }) => noResponses,
  [DIAGNOSTIC.serverNakCount]: ({ naks }) => naks,
  [DIAGNOSTIC.serverBusyCount]: ({ busy }) => busy,
  [DIAGNOSTIC.busCharacterOverrunCount]: ({ overruns }) => overruns,
}

const withWord = (subFunction: number, word: number): Diagnostics => ({
  functionCode: 8,
  subFunction,
  payload: Uint8Array.of(word >>> 8, word),
})
