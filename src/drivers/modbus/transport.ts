/**
 * The transports of the options: where each is dialled, and in which frames its requests travel. Ports and modes are those of
 * Modbus Messaging on TCP/IP V1.0b (502), Modbus/TCP Security (802) and Modbus over Serial Line V1.02.
 */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import type { Endpoint, TlsSettings, TraceTap } from '../../core/driver.ts'
import { GatewayError } from '../../core/errors.ts'
import { ModbusClient, type ModbusClientOptions } from '../../protocols/modbus/index.ts'
import type { LineLoad } from './line-limits.ts'
import { portOf, type ModbusOptions, type ModbusTransport } from './options.ts'

type Framing = NonNullable<ModbusClientOptions['framing']>

const FRAMINGS: Record<ModbusTransport, Framing> = {
  tcp: 'tcp', tls: 'tcp', udp: 'udp', rtu: 'rtu', ascii: 'ascii', 'rtu-over-tcp': 'rtu', 'ascii-over-tcp': 'ascii',
} // prettier-ignore

/** `10.0.0.5:502`, `[::1]:502` (RFC 3986, 3.2) or `/dev/ttyUSB0`. */
export function farSide(settings: ModbusOptions): string {
  const { host, serial } = settings
  if (host === undefined) return serial?.path ?? ''
  const name = host.toLowerCase()
  return `${name.includes(':') ? `[${name}]` : name}:${portOf(settings)}`
}

/** The frames of a transport. */
const framingOf = ({ transport }: ModbusOptions): Framing => FRAMINGS[transport]

/** How much the line may be asked to bear at most: a serial bus has one question at a time, UDP has no connections to count. */
export function boundsOf(options: ModbusOptions): LineLoad {
  const framing = framingOf(options)
  if (framing === 'rtu' || framing === 'ascii') return { inFlight: 1, connections: 1 }
  return { inFlight: options.maxInFlight, connections: framing === 'udp' ? 1 : options.maxConnections }
}

/** Where a device is dialled. Throws CONFIG_INVALID for options that the schema refuses. */
export function endpointOf(options: ModbusOptions): Endpoint {
  const { transport, host, serial, tls, connectTimeout: connectTimeoutMs } = options
  if (transport === 'rtu' || transport === 'ascii') {
    if (serial === undefined) throw new GatewayError('CONFIG_INVALID', `transport ${transport} needs a serial port`)
    const { path, baud, dataBits, parity, stopBits } = serial
    return { transport: 'serial', path, baud, dataBits, parity, stopBits }
  }
  if (host === undefined) throw new GatewayError('CONFIG_INVALID', `transport ${transport} needs a host`)
  const port = portOf(options)
  if (transport === 'udp') return { transport: 'udp', host, port, connectTimeoutMs }
  // Serial frames are put together over several reads.
  if (transport !== 'tls') return { transport: 'tcp', host, port, connectTimeoutMs, direct: transport === 'tcp' }
  const settings: TlsSettings = tls ?? {}
  return { transport: 'tcp', host, port, connectTimeoutMs, tls: settings }
}

/** A client on a stream that was dialled; `strays` sees what answers nothing. */
export function clientOn(
  stream: Duplex,
  options: ModbusOptions,
  name: string,
  clock: Clock,
  strays?: TraceTap,
): ModbusClient {
  const { timeout, maxInFlight, requestPause, broadcastPause, lateReplyGuard, serial } = options
  return new ModbusClient(stream, {
    framing: framingOf(options),
    maxInFlight,
    timeoutMs: timeout,
    clock,
    name,
    strays,
    requestPauseMs: requestPause,
    broadcastPauseMs: broadcastPause,
    lateReplyGuardMs: lateReplyGuard,
    baud: serial?.baud,
  })
}
