/**
 * A plant worth watching, served over Modbus TCP by a process of its own: unit 1 tank farm, 2 filler, 3 energy meter.
 *
 *     node simulators/plant.ts --port 0 --seed 1 [--host 127.0.0.1] [--fault 'slow unit=2 ms=500']…
 *       [--serial PATH [--framing rtu|ascii] [--baud 19200] [--data-bits 8] [--parity none|even|odd] [--stop-bits 1]]
 *       [--udp PORT] [--tls PORT --tls-cert FILE --tls-key FILE [--tls-ca FILE]]
 *
 * The first line on stdout is {"ready":true,"host":…,"port":N,"units":{"1":"tank farm","2":"filler","3":"energy meter"}}, with
 * "serial", "udp" and "tls" where they are open too.
 * Lines on stdin switch faults at run time (`fault silent unit=2`, `fault clear`; see modbus/faults.ts); each is answered by a line.
 * It runs until SIGTERM (exit 0), or until the program that started it ends.
 */
import { fstatSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { systemClock, type Clock } from '../src/core/clock.ts'
import { createModbusServer, RegisterBank } from '../src/protocols/modbus/index.ts'
import { parseFault, toWireFault, type Fault } from './modbus/faults.ts'
import {
  openTransports,
  parseTransports,
  TRANSPORT_FLAGS,
  type OpenTransports,
  type Transports,
} from './modbus/transports.ts'
import { createPlant, STEP_MS, type Plant } from './plant/plant.ts'
import type { RegisterImage } from './plant/register-image.ts'

const UNITS = { 1: 'tank farm', 2: 'filler', 3: 'energy meter' } as const
const COILS = 8
const DISCRETE_INPUTS = 8
const INPUT_REGISTERS = 32
const HOLDING_REGISTERS = 32

export interface RunningPlant {
  readonly port: number
  /** The ways in besides Modbus TCP. */
  readonly transports: OpenTransports
  readonly plant: Plant
  /** The faults that are on; the first that concerns a request happens. */
  readonly faults: Fault[]
  close(): Promise<void>
}

/** Starts the plant on this host and port (0: any free one) and lets its physics run. */
export async function startPlant(
  options: { host: string; port: number; seed: number; transports?: Transports },
  clock: Clock = systemClock,
): Promise<RunningPlant> {
  const banks = new Map([1, 2, 3].map((unit) => [unit, createBank(UNITS[unit as keyof typeof UNITS])]))
  const [tankFarm, filler, energyMeter] = [...banks.values()].map(imageOf) as [
    RegisterImage,
    RegisterImage,
    RegisterImage,
  ]
  const plant = createPlant({ tankFarm, filler, energyMeter }, options.seed)
  const faults: Fault[] = []
  const server = createModbusServer({
    clock,
    unit: (id) => banks.get(id),
    intercept(request) {
      for (const fault of faults) {
        const happens = toWireFault(fault, request)
        if (happens !== undefined) return happens
      }
      return undefined
    },
  })
  const port = await server.listen(options.port, options.host)
  const transports = await openTransports(server, options.host, options.transports ?? {})
  const timer = clock.every(STEP_MS, plant.step)
  const close = async () => {
    timer.cancel()
    await server.close()
  }
  return { port, transports, plant, faults, close }
}

/** Applies one line such as `fault slow unit=2 ms=500` or `fault clear`; throws an Error that says what is wrong. */
export function applyFaultLine(faults: Fault[], line: string): void {
  const match = /^\s*fault\s+(.+)$/.exec(line)
  if (match === null) throw new Error(`"${line.trim()}" is not a command: use fault …`)
  const fault = parseFault(match[1]!)
  if (fault === undefined) faults.length = 0
  else faults.push(fault)
}

function createBank(product: string): RegisterBank {
  return new RegisterBank({
    coils: [{ address: 0, count: COILS }],
    discreteInputs: [{ address: 0, count: DISCRETE_INPUTS }],
    inputRegisters: [{ address: 0, count: INPUT_REGISTERS }],
    holdingRegisters: [{ address: 0, count: HOLDING_REGISTERS }],
    identification: { 0: 'Bifrost', 1: `simulated ${product}`, 2: '1.0' },
  })
}

function imageOf(bank: RegisterBank): RegisterImage {
  return {
    coils: bank.coils.block(0, COILS),
    discreteInputs: bank.discreteInputs.block(0, DISCRETE_INPUTS),
    inputRegisters: bank.inputRegisters.block(0, INPUT_REGISTERS),
    holdingRegisters: bank.holdingRegisters.block(0, HOLDING_REGISTERS),
  }
}

/** What the command line asks for; throws an Error that says what is wrong with it. */
function parseCommandLine() {
  const { values } = parseArgs({
    options: {
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      fault: { type: 'string', multiple: true, default: [] },
      ...TRANSPORT_FLAGS,
    },
  })
  const { host, port, seed } = values
  const faults: Fault[] = []
  for (const fault of values.fault) applyFaultLine(faults, `fault ${fault}`)
  return { host, port: Number(port), seed: Number(seed), transports: parseTransports(values), faults }
}

async function main({ faults, ...options }: ReturnType<typeof parseCommandLine>): Promise<void> {
  const print = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`)
  const { host } = options
  const running = await startPlant(options)
  running.faults.push(...faults)
  const stop = () => void running.close().then(() => process.exit(0))
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
  print({ ready: true, host, port: running.port, units: UNITS, ...running.transports })
  const lines = createInterface({ input: process.stdin })
  // A program that started us and was killed closes its end of the socket pair: nobody would end us otherwise.
  if (fstatSync(process.stdin.fd).isSocket()) lines.on('close', stop)
  lines.on('line', (line) => {
    try {
      applyFaultLine(running.faults, line)
      print({ faults: running.faults.map((fault) => fault.kind) })
    } catch (error) {
      print({ error: error instanceof Error ? error.message : String(error) })
    }
  })
}

/** Exit code 2, as for every command that was not understood. */
function commandLine(): ReturnType<typeof parseCommandLine> {
  try {
    return parseCommandLine()
  } catch (error) {
    process.stderr.write(`simulator: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(2)
  }
}

if (import.meta.main) await main(commandLine())
