/**
 * Modbus beside its peers, on the same machine in the same run: every client is a process of its own that stays warm, rounds are
 * interleaved, medians are compared. `npm run bench -- modbus [comparison|libmodbus|fleet|faults|write] [--rounds 5]`.
 */
import { parseArgs } from 'node:util'
import { compareClients, compareWithC } from './modbus/comparison.ts'
import { runFleet } from './modbus/fleet.ts'

const PARTS: Record<string, (rounds: number) => Promise<void>> = {
  comparison: compareClients,
  libmodbus: compareWithC,
  fleet: () => runFleet(),
  faults: async () =>
    (await import('./flow.ts')).run(['--devices', '1000', '--tags', '10', '--faulty', '10', '--seconds', '30']),
  write: async () => (await import('./modbus-write.ts')).run(),
}

/** All parts, or those that are named. */
export async function run(args: readonly string[] = []): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '5' } },
  })
  for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
    const part = PARTS[name]
    if (part === undefined) throw new Error(`no part '${name}'; there are ${Object.keys(PARTS).join(', ')}`)
    await part(Number(values.rounds))
  }
}
