/**
 * What one poll comes to before anything is connected: the requests of the planner, and on a serial port the time that their frames take on
 * the wire (Modbus over Serial Line V1.02, 2.5: characters of 10 or 11 bits, silences of 3.5 characters; above 19,200 baud 1.75 ms).
 */
import type { PollEstimate } from '../../core/poll-estimate.ts'
import type { TagSettings } from '../../core/tags.ts'
import { isBitArea, type ModbusAddress } from './address.ts'
import type { ModbusOptions } from './options.ts'
import { planBlocks, type Block } from './plan.ts'
import { boundsOf } from './transport.ts'
import { checkTag, spanLength } from './types.ts'

/** Unit, function, address, count and CRC (2.5.1); ASCII sends two characters a byte, colon and line end (2.5.2). */
const REQUEST_BYTES = 8
/** Unit, function, byte count and CRC around the data. */
const REPLY_HEAD_BYTES = 5
const FAST_BAUD = 19_200
const FAST_SILENCE_MS = 1.75

interface EstimatedPoint {
  readonly address: ModbusAddress
  readonly settings: TagSettings
}

/** See `DriverType.estimate`. */
export function estimatePoll(options: ModbusOptions, points: readonly EstimatedPoint[]): PollEstimate {
  const { inFlight, connections } = boundsOf(options)
  const common = { inFlight: inFlight * connections }
  if (points.some(({ address }) => address.sunspec !== undefined))
    return { ...common, requests: undefined, wireMs: 0, unknown: 'where SunSpec points are only the device tells' }
  const readable = points.filter(
    ({ address, settings }) => address.count === undefined && checkTag(address, settings) === undefined,
  )
  const blocks = planBlocks(
    readable.map(({ address, settings }) => ({
      unit: address.unit ?? options.unit,
      area: address.area,
      offset: address.offset,
      length: spanLength(address, settings),
    })),
    options,
  )
  const wireMs = blocks.reduce((sum, block) => sum + options.requestPause + wireTime(block, options), 0)
  return { ...common, requests: blocks.length, wireMs }
}

/** One request and its answer on a serial port, both silences included; 0 on a network, whose speed is not known here. */
function wireTime({ area, length }: Block, { transport, serial }: ModbusOptions): number {
  if (serial === undefined || (transport !== 'rtu' && transport !== 'ascii')) return 0
  const { baud, parity, stopBits, dataBits } = serial
  const bits = 1 + dataBits + (parity === 'none' ? 0 : 1) + stopBits
  const bytes = REQUEST_BYTES + REPLY_HEAD_BYTES + (isBitArea(area) ? Math.ceil(length / 8) : length * 2)
  const characters = transport === 'ascii' ? 2 * bytes + 2 : bytes
  const silence = baud > FAST_BAUD ? FAST_SILENCE_MS : (3.5 * bits * 1000) / baud
  return (characters * bits * 1000) / baud + (transport === 'ascii' ? 0 : 2 * silence)
}
