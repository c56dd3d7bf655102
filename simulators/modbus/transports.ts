/**
 * The further ways into a simulated device, from the command line: a serial port with RTU or ASCII frames, UDP, TLS. All of them
 * lead to the same units as Modbus TCP does.
 */
import { readFileSync } from 'node:fs'
import type { ParseArgsOptionsConfig } from 'node:util'
import type { SerialEndpoint } from '../../src/core/driver.ts'
import type { ModbusServer } from '../../src/protocols/modbus/index.ts'
import { dial } from '../../src/wire/dial.ts'

export interface Transports {
  readonly serial?: { readonly framing: 'rtu' | 'ascii'; readonly port: SerialEndpoint } | undefined
  /** Port; 0 takes a free one. */
  readonly udp?: number | undefined
  /** Port, and names of PEM files; with `ca` clients have to show a certificate of it. */
  readonly tls?:
    { readonly port: number; readonly cert: string; readonly key: string; readonly ca?: string | undefined } | undefined
}

/** Where it can be reached; goes into the line that says that it is ready. */
export interface OpenTransports {
  readonly serial?: string
  readonly udp?: number
  readonly tls?: number
}

/** Flags for `parseArgs`. */
export const TRANSPORT_FLAGS = {
  serial: { type: 'string' },
  framing: { type: 'string', default: 'rtu' },
  baud: { type: 'string', default: '19200' },
  'data-bits': { type: 'string', default: '8' },
  parity: { type: 'string', default: 'none' },
  'stop-bits': { type: 'string', default: '1' },
  udp: { type: 'string' },
  tls: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-ca': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

type Flags = { readonly [Flag in keyof typeof TRANSPORT_FLAGS]?: string | undefined }

/** Throws an Error that says which flag is wrong or missing. */
export function parseTransports(flags: Flags): Transports {
  const { framing = 'rtu', udp, tls, 'tls-cert': cert, 'tls-key': key, 'tls-ca': ca } = flags
  if (framing !== 'rtu' && framing !== 'ascii') throw new Error(`--framing ${framing}: use rtu or ascii`)
  if (tls !== undefined && (cert === undefined || key === undefined))
    throw new Error('--tls needs --tls-cert FILE and --tls-key FILE')
  return {
    ...(flags.serial === undefined ? {} : { serial: { framing, port: parseSerial(flags.serial, flags) } }),
    ...(udp === undefined ? {} : { udp: parsePort('udp', udp) }),
    ...(tls === undefined ? {} : { tls: { port: parsePort('tls', tls), cert: cert!, key: key!, ca } }),
  }
}

function parseSerial(path: string, flags: Flags): SerialEndpoint {
  const { baud = '19200', 'data-bits': dataBits = '8', parity = 'none', 'stop-bits': stopBits = '1' } = flags
  if (!/^[1-9]\d{1,6}$/.test(baud)) throw new Error(`--baud ${baud}: use bits a second, such as 19200`)
  if (dataBits !== '7' && dataBits !== '8') throw new Error(`--data-bits ${dataBits}: use 7 or 8`)
  if (parity !== 'none' && parity !== 'even' && parity !== 'odd')
    throw new Error(`--parity ${parity}: use none, even or odd`)
  if (stopBits !== '1' && stopBits !== '2') throw new Error(`--stop-bits ${stopBits}: use 1 or 2`)
  return {
    transport: 'serial',
    path,
    baud: Number(baud),
    dataBits: dataBits === '7' ? 7 : 8,
    parity,
    stopBits: stopBits === '2' ? 2 : 1,
  }
}

function parsePort(flag: string, text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new Error(`--${flag} ${text}: use a port, 0 to 65535`)
  return Number(text)
}

/** Opens them; they close with the server. */
export async function openTransports(
  server: ModbusServer,
  host: string,
  { serial, udp, tls }: Transports,
): Promise<OpenTransports> {
  if (serial !== undefined) {
    const { framing, port } = serial
    server.serve(await dial(port), framing, { baud: port.baud })
  }
  const files = tls && {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca), requestClientCertificate: true }),
  }
  return {
    ...(serial === undefined ? {} : { serial: serial.port.path }),
    ...(udp === undefined ? {} : { udp: await server.listenUdp(udp, host) }),
    ...(tls === undefined ? {} : { tls: await server.listen(tls.port, host, { tls: files! }) }),
  }
}
