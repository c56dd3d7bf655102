/** The options of a Modbus device: the only place where they exist. Defaults are those that most devices bear. */
import { z } from 'zod'
import { duration } from '../../core/duration.ts'
import { parseOrder } from './order.ts'

export const options = z.strictObject({
  host: z.string().min(1).describe('Host name or IP address of the device or of its gateway.'),
  port: z.number().int().min(1).max(65535).default(502).describe('TCP port.'),
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
    .describe('Requests that may be under way at once on the connection; many devices bear only one.'),
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
  writeMultiple: z
    .boolean()
    .default(false)
    .describe('Write single values with FC15 and FC16 too, for devices that know neither FC05 nor FC06.'),
})

/** The options of a device, defaults filled in, times in ms. */
export type ModbusOptions = z.output<typeof options>
