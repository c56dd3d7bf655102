/**
 * What a client asks a device about itself and its line: functions 7, 8, 11, 12 and 17 (Modbus Application Protocol V1.1b3,
 * 6.7 to 6.10 and 6.13). Each rejects as the methods of `ModbusClient` do.
 */
import type { ModbusClient } from './client.ts'
import { DIAGNOSTIC } from './pdu/diagnostics.ts'
import { decodeResponse } from './pdu/message.ts'
import type { GetCommEventLogResponse } from './pdu/get-comm-event-log.ts'
import type { GetCommEventCounterResponse } from './pdu/get-comm-event-counter.ts'
import type { ReadExceptionStatusResponse } from './pdu/read-exception-status.ts'
import { RUN_INDICATOR_ON } from './pdu/report-server-id.ts'

/** The counters of 6.8.1; each 0…65535, and it wraps. */
const COUNTERS = {
  busMessages: DIAGNOSTIC.busMessageCount,
  busErrors: DIAGNOSTIC.busCommunicationErrorCount,
  exceptions: DIAGNOSTIC.busExceptionErrorCount,
  messages: DIAGNOSTIC.serverMessageCount,
  noResponses: DIAGNOSTIC.serverNoResponseCount,
  naks: DIAGNOSTIC.serverNakCount,
  busy: DIAGNOSTIC.serverBusyCount,
  overruns: DIAGNOSTIC.busCharacterOverrunCount,
} as const

export type CounterName = keyof typeof COUNTERS

/** What a device says it is, where its id is one byte, as most have it; `content` is everything as it came. */
export interface ServerId {
  readonly id: number | undefined
  /** undefined: the device does not say. */
  readonly running: boolean | undefined
  /** What follows, often a name. */
  readonly text: string
  readonly content: Uint8Array
}

/** FC 7: eight flags; the device's manual says what they mean. */
export async function readExceptionStatus(client: ModbusClient, unit: number, signal?: AbortSignal): Promise<number> {
  const pdu = await client.send(unit, { functionCode: 7 }, signal)
  return (decodeResponse(pdu) as ReadExceptionStatusResponse).status
}

/** FC 8, sub-function 0: resolves when the device gave back these bytes; PROTOCOL_VIOLATION when it gave others. */
export async function loopback(
  client: ModbusClient,
  unit: number,
  payload: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  await client.send(unit, { functionCode: 8, subFunction: DIAGNOSTIC.returnQueryData, payload }, signal)
}

/** FC 8, sub-functions 11 to 18. */
export async function readCounter(
  client: ModbusClient,
  unit: number,
  counter: CounterName,
  signal?: AbortSignal,
): Promise<number> {
  const payload = new Uint8Array(2)
  const pdu = await client.send(unit, { functionCode: 8, subFunction: COUNTERS[counter], payload }, signal)
  return pdu[3]! * 256 + pdu[4]!
}

/** FC 11: how many requests the device completed, and whether it is still busy with one. */
export async function readEventCounter(
  client: ModbusClient,
  unit: number,
  signal?: AbortSignal,
): Promise<{ readonly busy: boolean; readonly events: number }> {
  const pdu = await client.send(unit, { functionCode: 11 }, signal)
  const { status, eventCount } = decodeResponse(pdu) as GetCommEventCounterResponse
  return { busy: status !== 0, events: eventCount }
}

/** FC 12: counters and the newest events of the line, the newest first. */
export async function readEventLog(
  client: ModbusClient,
  unit: number,
  signal?: AbortSignal,
): Promise<GetCommEventLogResponse> {
  const response = decodeResponse(await client.send(unit, { functionCode: 12 }, signal)) as GetCommEventLogResponse
  return { ...response, events: response.events.slice() }
}

/** FC 17. */
export async function readServerId(client: ModbusClient, unit: number, signal?: AbortSignal): Promise<ServerId> {
  const pdu = await client.send(unit, { functionCode: 17 }, signal)
  const content = pdu.slice(2)
  const indicator = content[1]
  return {
    id: content[0],
    running: indicator === RUN_INDICATOR_ON ? true : indicator === 0 ? false : undefined,
    text: Buffer.from(content.subarray(2)).toString('latin1'),
    content,
  }
}
