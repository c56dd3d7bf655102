/**
 * The further ways into a simulated device, from the command line: a serial port with RTU or ASCII frames, UDP, TLS. All of them
 * lead to the same units as Modbus TCP does.
 */
import { readFileSync } from 'node:fs'
import type { ParseArgsOptionsConfig } from 'node:util'
import type { ModbusServer } from '../../src/protocols/modbus/index.ts'
import { dial } from '../../src/wire/dial.ts'

export interface Transports {
  readonly serial?: { readonly path: string; readonly framing: 'rtu' | 'ascii'; readonly baud: number } | undefined
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
  udp: { type: 'string' },
  tls: { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  'tls-ca': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig

type Flags = { readonly [Flag in keyof typeof TRANSPORT_FLAGS]?: string | undefined }

/** Throws an Error that says which flag is wrong or missing. */
export function parseTransports(flags: Flags): Transports {
  const { serial, framing = 'rtu', baud, udp, tls, 'tls-cert': cert, 'tls-key': key, 'tls-ca': ca } = flags
  if (framing !== 'rtu' && framing !== 'ascii') throw new Error(`--framing ${framing}: use rtu or ascii`)
  if (tls !== undefined && (cert === undefined || key === undefined))
    throw new Error('--tls needs --tls-cert FILE and --tls-key FILE')
  return {
    ...(serial === undefined ? {} : { serial: { path: serial, framing, baud: Number(baud) } }),
    ...(udp === undefined ? {} : { udp: Number(udp) }),
    ...(tls === undefined ? {} : { tls: { port: Number(tls), cert: cert!, key: key!, ca } }),
  }
}

/** Opens them; they close with the server. */
export async function openTransports(
  server: ModbusServer,
  host: string,
  { serial, udp, tls }: Transports,
): Promise<OpenTransports> {
  if (serial !== undefined) {
    const { path, framing, baud } = serial
    const line = { transport: 'serial', path, baud, dataBits: 8, parity: 'none', stopBits: 1 } as const
    server.serve(await dial(line), framing, { baud })
  }
  const files = tls && {
    cert: readFileSync(tls.cert),
    key: readFileSync(tls.key),
    ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca), requestClientCertificate: true }),
  }
  return {
    ...(serial === undefined ? {} : { serial: serial.path }),
    ...(udp === undefined ? {} : { udp: await server.listenUdp(udp, host) }),
    ...(tls === undefined ? {} : { tls: await server.listen(tls.port, host, { tls: files! }) }),
  }
}
