/**
 * Runs the tests with node's runner and closes with one line of counts. Arguments are files or globs; none means all.
 * Skipped tests are listed by name with their reason; with BIFROST_REQUIRE_PEERS=1 a missing peer fails instead.
 */
import { globSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'

const ALL = [
  'src/**/*.test.ts',
  'test/**/*.test.ts',
  'simulators/**/*.test.ts',
  'ui/**/*.test.ts',
  'bench/**/*.test.ts',
]

/** Of one test; for a whole file see `test-watchdog.ts`. Runs that are asked for by number may take longer. */
const TIMEOUT_MS = Number(process.env.BIFROST_TEST_TIMEOUT_MS ?? 300_000)

const WATCHDOG = new URL('./test-watchdog.ts', import.meta.url).href

const patterns = process.argv.slice(2)
const files = globSync(patterns.length > 0 ? patterns : ALL, { exclude: (name) => name === 'node_modules' })
if (files.length === 0) {
  console.error(`no test file matches ${patterns.join(' ')}`)
  process.exit(2)
}

let passed = 0
let failed = 0
const skipped: string[] = []

const stream = run({ files: files.sort(), concurrency: 2, timeout: TIMEOUT_MS, execArgv: ['--import', WATCHDOG] })
stream.on('test:pass', (data) => {
  if (data.details.type === 'suite') return
  if (data.skip === undefined) passed++
  else skipped.push(`${data.name}: ${data.skip === true ? 'no reason given' : data.skip}`)
})
stream.on('test:fail', (data) => {
  if (data.details.type !== 'suite') failed++
})
stream.on('end', () => {
  if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.map((line) => `  ${line}`).join('\n')}`)
  console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
})
stream.compose(spec).pipe(process.stdout)
