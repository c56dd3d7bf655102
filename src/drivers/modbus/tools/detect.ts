/**
 * The byte-order detective as a tool: reads the same registers once or several times, and ranks what they may mean. Reads the
 * longest value that the device gives there: four registers, else two, else one.
 */
import { z } from 'zod'
import { sleep } from '../../../core/clock.ts'
import { defineTool, type LineAccess } from '../../../core/driver.ts'
import { duration } from '../../../core/duration.ts'
import { GatewayError } from '../../../core/errors.ts'
import { wrapped } from '../../../core/wrapped-text.ts'
import { ModbusException, type ModbusRequest } from '../../../protocols/modbus/index.ts'
import { AREAS, formatAddress, isBitArea } from '../address.ts'
import { detect as judge } from '../detect/detect.ts'
import { linesOf, tagOf, viewOf, WIDTH, type FindingView, type ProposedTag } from './finding-view.ts'
import { ask, rawDevice, type RawDevice } from './raw-device.ts'
import { parseRange, type Range } from './range.ts'

/** A window is not longer: somebody waits for it. */
const LONGEST_MS = 60_000
/** People see what has a score; programs see everything. */
const SHOWN = 8
const WIDTHS = [4, 2, 1] as const

const input = z
  .strictObject({
    address: z.string().min(1).describe('The first register of the value, in any notation: hr:0, 40001'),
    reading: z.number().optional().describe('What the device shows at this time, where it can be seen'),
    reads: z.int().min(1).max(600).default(1).describe('How many times the registers are read'),
    every: duration({ minMs: 10, maxMs: LONGEST_MS })
      .default(500)
      .describe('Time from read to read, 500ms where absent'),
    low: z.number().optional().describe('The value is not below this'),
    high: z.number().optional().describe('The value is not above this'),
    registers: z
      .union([z.literal(1), z.literal(2), z.literal(4)])
      .default(4)
      .describe('The most registers that the value may have'),
  })
  .refine(({ low, high }) => low === undefined || high === undefined || low < high, {
    path: ['high'],
    message: 'high must be above low',
  })
  .refine(({ reads, every }) => (reads - 1) * every <= LONGEST_MS, {
    path: ['reads'],
    message: 'all reads together must end within 60 s: read less often, or fewer times',
  })

interface Detected {
  readonly address: string
  readonly unit: number
  readonly reads: number
  readonly registers: number
  /** The newest read. */
  readonly hex: string
  readonly verdict: string
  /** How many of the first findings are about equally plausible. */
  readonly tied: number
  /** The first finding stands out. */
  readonly settled: boolean
  readonly findings: readonly FindingView[]
  /** The most plausible one as a tag of a configuration; null where no type of tags is like it, or nothing stands out. */
  readonly tag: ProposedTag | null
}

export const detect = defineTool({
  name: 'detect',
  summary: 'which type and byte order has this value? every one of them, ranked by plausibility',
  examples: [
    ['bifrost modbus detect modbus://10.0.0.5:502/1 hr:0 --reading 21.5', 'the display of the device shows 21.5'],
    [
      'bifrost modbus detect press-1 hr:0 --reads 20 --every 500ms',
      'watch it for ten seconds: the right order is smooth',
    ],
    ['bifrost modbus detect press-1 40011 --low 0 --high 100', 'a percentage'],
  ],
  input,
  positions: ['address'],
  async run(given, driver, access, signal): Promise<Detected> {
    const device = rawDevice(driver)
    const range = parseRange(given.address, 1)
    if (isBitArea(range.area))
      throw new GatewayError(
        'INVALID_REQUEST',
        `address ${given.address}: a ${AREAS[range.area].name} is one bit, nothing to detect`,
      )
    const reads = await readWindow(device, access, range, given, signal)
    const { findings, verdict, tied, settled } = judge(reads, given)
    const newest = reads.at(-1)!
    const address = formatAddress({ ...range, count: undefined, text: '' })
    return {
      address,
      unit: range.unit ?? device.unit,
      reads: reads.length,
      registers: newest.length / 2,
      hex: Buffer.from(newest)
        .toString('hex')
        .toUpperCase()
        .replace(/(.{4})(?=.)/g, '$1 '),
      verdict,
      tied,
      findings: findings.map(viewOf),
      settled,
      tag: settled ? tagOf(address, findings[0]!) : null,
    }
  },
  toLines: ({ address, unit, reads, hex, verdict, findings, settled, tag }: Detected) => [
    `${address} of unit ${unit}: ${hex}${reads > 1 ? ` in the last of ${reads} reads` : ''}`,
    ...shown(findings).flatMap(linesOf),
    ...more(findings),
    ...wrapped(verdict, WIDTH),
    ...(tag === null ? (settled ? [NO_TYPE] : []) : [tagLine(tag)]),
  ],
})

const shown = (findings: readonly FindingView[]): FindingView[] =>
  findings.slice(0, SHOWN).filter(({ score }, at) => at === 0 || score > 0)

function more(findings: readonly FindingView[]): string[] {
  const hidden = findings.length - shown(findings).length
  return hidden === 0 ? [] : [`${hidden} more are less plausible; --json shows all`]
}

const NO_TYPE = 'Tags have no type of packed decimal digits: take an unsigned one, and convert it later.'

const tagLine = (tag: ProposedTag): string =>
  `as a tag: { name: …, ${Object.entries(tag)
    .map((entry) => entry.join(': '))
    .join(', ')} }`

/**
 * All reads with as many registers as the device gives. A read that fails while the window lasts is left out: the others tell
 * enough. A lost connection ends the tool.
 */
async function readWindow(
  device: RawDevice,
  access: LineAccess,
  range: Range,
  { reads, every, registers }: z.output<typeof input>,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const first = await readFirst(device, access, range, registers, signal)
  const window = [first]
  const { clock } = device
  const start = clock.monotonic()
  for (let turn = 1; turn < reads && clock.monotonic() - start <= LONGEST_MS; turn++) {
    await sleep(clock, Math.max(0, start + turn * every - clock.monotonic()), signal)
    try {
      window.push(await readRegisters(device, access, range, first.length / 2, signal))
    } catch (error) {
      if (!isPassing(error)) throw error
    }
  }
  return window
}

/** An answer that is late or refused; the next one may come. */
const isPassing = (error: unknown): boolean =>
  error instanceof ModbusException || (error instanceof GatewayError && error.code === 'TIMEOUT')

async function readFirst(
  device: RawDevice,
  access: LineAccess,
  range: Range,
  most: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let refusal: unknown
  for (const width of WIDTHS) {
    if (width > most || range.offset + width > 65_536) continue
    try {
      return await readRegisters(device, access, range, width, signal)
    } catch (error) {
      if (!(error instanceof ModbusException) || error.exceptionCode === 1) throw error
      refusal = error
    }
  }
  throw refusal
}

async function readRegisters(
  device: RawDevice,
  access: LineAccess,
  { area, offset, unit = device.unit }: Range,
  count: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const request = { functionCode: AREAS[area].readFunction, address: offset, count } as ModbusRequest
  return (await ask(device, access, unit, request, signal)).subarray(2)
}
