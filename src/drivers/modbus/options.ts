/** The options of a Modbus device: the only place where they exist. Defaults are those that most devices bear. */
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { tlsOptions } from '../../core/tls-options.ts'
import { host } from '../../core/host.ts'
import { parseOrder } from './order.ts'
import { isNetwork } from './proxy/client-networks.ts'
import { DIAGNOSTICS, isWriteFunction } from './proxy/function-rules.ts'
import { parseListenAddress } from './proxy/listen-address.ts'

/** How frames travel. The last four are one request at a time; what they can and cannot tell apart is in README.md. */
const TRANSPORTS = ['tcp', 'tls', 'udp', 'rtu', 'ascii', 'rtu-over-tcp', 'ascii-over-tcp'] as const

export type ModbusTransport = (typeof TRANSPORTS)[number]

/** True where unit 0 means all devices of the line (Modbus over Serial Line V1.02, 2.1); on TCP it is a device like any other. */
export const hasBroadcast = (transport: ModbusTransport): boolean => /^(rtu|ascii)/.test(transport)

/** Modbus/TCP Security, 802 by IANA; plain TCP and UDP 502. */
const PORTS: Partial<Record<ModbusTransport, number>> = { tls: 802 }

/** Modbus over Serial Line V1.02, 2.5.1: 19,200 baud and even parity are what every device must know. */
const serial = z.strictObject({
  path: z.string().min(1).describe('The serial port: /dev/ttyUSB0, better /dev/serial/by-id/… which stays the same.'),
  baud: z.number().int().min(50).max(4_000_000).default(19_200).describe('Bits a second.'),
  parity: z.enum(['none', 'even', 'odd']).default('even').describe('Parity bit.'),
  stopBits: z
    .union([z.literal(1), z.literal(2)])
    .default(1)
    .describe('Stop bits; 2 where there is no parity, by the book.'),
  dataBits: z
    .union([z.literal(7), z.literal(8)])
    .default(8)
    .describe('Data bits: 8 for RTU; ASCII may use 7.'),
})

const tls = z.strictObject({
  ...tlsOptions,
  serverName: z.string().optional().describe('Name in the certificate of the device, where it is not its host name.'),
})

const proxy = z.strictObject({
  listen: z
    .string()
    .regex(/^.+:\d{1,5}$/, 'expected host:port, such as 127.0.0.1:1502')
    .refine(
      (text) => parseListenAddress(text) !== undefined,
      'expected an IP address or host name and a port, such as 127.0.0.1:1502 or [::1]:1502',
    )
    .describe('Address on which other Modbus TCP clients reach this device; loopback unless you mean it otherwise.'),
  maxAge: duration({ minMs: 0 })
    .prefault('0s')
    .describe('Answers to reads may be this old; 0s asks the device every time.'),
  functions: z
    .array(
      z
        .number()
        .int()
        .min(1)
        .max(127)
        .refine((code) => code !== DIAGNOSTICS, 'diagnostics (8) are never let through'),
    )
    .default([1, 2, 3, 4])
    .describe('Function codes that are let through; diagnostics (8) never are.'),
  writers: z
    .array(
      z.string().refine(isNetwork, 'expected an IP address or a network, such as 10.0.0.7, 10.0.1.0/24 or fd00::/8'),
    )
    .default([])
    .describe('Addresses or networks of clients that may write, such as 10.0.0.7 or 10.0.1.0/24; none by default.'),
  maxClients: z.number().int().min(1).max(256).default(8).describe('Connections at once; more are closed.'),
})

const base = z.strictObject({
  transport: z
    .enum(TRANSPORTS)
    .default('tcp')
    .describe(
      'tcp, tls (Modbus/TCP Security), udp, rtu or ascii on a serial port, or serial frames over a TCP gateway.',
    ),
  host: host().optional().describe('Host name or IP address of the device or of its gateway.'),
  port: z.number().int().min(1).max(65535).optional().describe('TCP or UDP port: 502, and 802 with TLS, where absent.'),
  serial: serial.optional().describe('The serial port, for rtu and ascii.'),
  tls: tls.optional().describe('Certificates, for tls.'),
  unit: z
    .number()
    .int()
    .min(0)
    .max(255)
    .default(1)
    .describe('Unit id; an address such as 2.hr:0 overrides it for its tag.'),
  timeout: duration({ minMs: 1 }).prefault('2s').describe('How long to wait for a reply.'),
  connectTimeout: duration({ minMs: 1 }).prefault('5s').describe('How long to wait for the connection.'),
  maxInFlight: z
    .number()
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      'Requests that may be under way at once on a connection, at most; fewer are used where the device bears fewer.',
    ),
  maxConnections: z
    .number()
    .int()
    .min(1)
    .max(16)
    .default(1)
    .describe(
      'Connections of the line, at most; fewer are used where the device bears fewer. Many devices accept only one.',
    ),
  release: z
    .boolean()
    .default(false)
    .describe(
      'Close the connection between polls, so that a vendor tool can get in at a device that accepts only one.',
    ),
  requestPause: duration({ minMs: 0, maxMs: 10_000 })
    .prefault('0ms')
    .describe(
      'Pause between a reply and the next request, for slow devices and RS-485 converters that turn around slowly.',
    ),
  broadcastPause: duration({ minMs: 0, maxMs: 10_000 })
    .prefault('100ms')
    .describe('Pause after a broadcast (unit 0) on a serial line, in which the devices carry it out.'),
  lateReplyGuard: duration({ minMs: 0, maxMs: 60_000 })
    .prefault('100ms')
    .describe('After a time-out on a serial line: how long it has to be silent before the next request.'),
  order: z
    .string()
    .refine((text) => parseOrder(text) !== undefined, 'expected ABCD, CDAB, BADC or DCBA, or a usual synonym')
    .default('ABCD')
    .describe(
      'Byte order of values: ABCD, CDAB (words swapped), BADC (bytes swapped) or DCBA; a tag may have its own.',
    ),
  maxRegisters: z.number().int().min(1).max(125).default(125).describe('Registers in one request.'),
  maxBits: z.number().int().min(1).max(2000).default(2000).describe('Coils or discrete inputs in one request.'),
  maxGap: z
    .number()
    .int()
    .min(0)
    .max(124)
    .default(8)
    .describe('Registers between two tags that are read along to save a request (bits: sixteen times as many).'),
  learn: z
    .boolean()
    .default(true)
    .describe('Keep what was learned of the device (limits, gaps, bad registers) over restarts.'),
  quarantine: duration({ minMs: 1000 })
    .prefault('30s')
    .describe('When a register that the device refuses is tried again first; the pause doubles up to an hour.'),
  writeMultiple: z
    .boolean()
    .default(false)
    .describe('Write single values with FC15 and FC16 too, for devices that know neither FC05 nor FC06.'),
  coalesceWrites: z
    .boolean()
    .default(false)
    .describe(
      'Write neighbouring registers of one command in one request, and only the newest of several queued values.',
    ),
  proxy: proxy
    .optional()
    .describe('Lets other Modbus TCP clients reach this device through the gateway. Off by default.'),
})

/** The options with what only makes sense together. */
export const options = base
  .superRefine((given, context) => {
    const complain = (path: string, message: string) => context.addIssue({ code: 'custom', path: [path], message })
    const isSerial = given.transport === 'rtu' || given.transport === 'ascii'
    if (isSerial && given.serial === undefined)
      complain('serial', `transport ${given.transport} needs a serial port, such as serial: { path: /dev/ttyUSB0 }`)
    if (isSerial && given.host !== undefined)
      complain(
        'host',
        `transport ${given.transport} is a serial port; for a serial gateway write ${given.transport}-over-tcp`,
      )
    if (!isSerial && given.host === undefined) complain('host', `transport ${given.transport} needs a host`)
    if (!isSerial && given.serial !== undefined)
      complain('serial', `transport ${given.transport} has no serial port; did you mean transport: rtu?`)
    if (given.tls !== undefined && given.transport !== 'tls') complain('tls', 'certificates need transport: tls')
    if ((given.tls?.cert === undefined) !== (given.tls?.key === undefined))
      complain('tls', 'cert and key belong together: give both or none')
  })
  .superRefine(({ transport, unit, proxy: given }, context) => {
    const complain = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (unit === 0 && hasBroadcast(transport))
      complain(['unit'], 'unit 0 is the broadcast of a serial line: nobody answers it')
    if (given === undefined) return
    if (unit === 0) complain(['unit'], 'a proxy lets nothing through to unit 0: give the device another unit id')
    if (given.writers.length > 0 && !given.functions.some(isWriteFunction))
      complain(
        ['proxy', 'writers'],
        'these may write nothing: proxy.functions names no function that writes (5, 6, 15, 16, 22 or 23)',
      )
  })
  .meta({ anyOf: [{ required: ['host'] }, { required: ['serial'] }] })

/** The options of a device, defaults filled in, times in ms. */
export type ModbusOptions = z.output<typeof options>

/** The port where the options say none. */
export const portOf = ({ transport, port }: ModbusOptions): number => port ?? PORTS[transport] ?? 502
