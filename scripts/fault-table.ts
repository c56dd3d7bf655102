/**
 * Runs the fault tests and prints what they found as the table of docs/design/durability.md:
 * `bin/launch scripts/fault-table.ts [--kills 500] [--cuts 50] [--seed N]`. Without options it does what CI does.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { FaultRow } from '../src/testing/fault-table.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    kills: { type: 'string', default: '50' },
    cuts: { type: 'string', default: '5' },
    flips: { type: 'string', default: '10000' },
    seed: { type: 'string' },
  },
})
const files =
  positionals.length > 0 ? positionals : ['test/faults/*.test.ts', 'test/edge-kill.test.ts', 'src/store/flips.test.ts']
const folder = mkdtempSync(join(tmpdir(), 'bifrost-faults-'))
const table = join(folder, 'rows')
const env = {
  ...process.env,
  BIFROST_FAULT_TABLE: table,
  BIFROST_KILLS: values.kills,
  BIFROST_CUTS: values.cuts,
  BIFROST_FLIPS: values.flips,
  // A kill takes two seconds at most, a cut half a minute.
  BIFROST_TEST_TIMEOUT_MS: String(300_000 + Number(values.kills) * 2000 + Number(values.cuts) * 30_000),
  ...(values.seed === undefined ? {} : { BIFROST_SEED: values.seed }),
}
const { status } = spawnSync(process.execPath, ['scripts/test.ts', ...files], { env, stdio: 'inherit' })

const columns = ['fault', 'runs', 'losses', 'duplicates', 'control', 'remark'] as const
const rows = readFileSync(table, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as FaultRow)
  .sort((a, b) => a.fault.localeCompare(b.fault))
console.log(`\n| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}`)
for (const row of rows) console.log(`| ${columns.map((column) => row[column]).join(' | ')} |`)
rmSync(folder, { recursive: true })
process.exitCode = status ?? 1
