/**
 * Runs the tests with node's runner and closes with one line of counts. Arguments are files or globs; none means all.
 * Skipped tests are listed by name with their reason; with BIFROST_REQUIRE_PEERS=1 a missing peer fails instead. With
 * BIFROST_SECOND_RUN=1 a file in which something failed runs once more, alone (docs/decisions/0035-a-second-run.md).
 */
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { relative, resolve } from 'node:path'
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

/** More files than these that fail are no accident of a busy machine: none of them runs again. */
const MOST_AGAIN = 5
const isSecondRun = process.env.BIFROST_SECOND_RUN === '1'

const WATCHDOG = new URL('./test-watchdog.ts', import.meta.url).href

const patterns = process.argv.slice(2)
const files = globSync(patterns.length > 0 ? patterns : ALL, { exclude: (name) => name === 'node_modules' })
if (files.length === 0) {
  console.error(`no test file matches ${patterns.join(' ')}`)
  process.exit(2)
}

interface Outcome {
  passed: number
  readonly failed: string[]
  readonly skipped: string[]
  /** Tests and suites, each with its place in the file: a name may be there more than once. */
  readonly passes: string[]
  readonly failures: string[]
}

interface Told {
  readonly name: string
  readonly line?: number
  readonly column?: number
  readonly details: { readonly type?: string }
}

const placeOf = ({ name, line, column, details }: Told): string => `${details.type ?? 'test'} ${line}:${column} ${name}`

/** Runs these files and tells what came of each, by its path; what belongs to no file of them is under ''. */
async function runFiles(paths: readonly string[], concurrency: number): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  const of = ({ entryFile, file }: { readonly entryFile?: string; readonly file?: string }): Outcome => {
    const path = [entryFile, file].find((one) => one !== undefined && paths.includes(one)) ?? ''
    if (!outcomes.has(path)) outcomes.set(path, { passed: 0, failed: [], skipped: [], passes: [], failures: [] })
    return outcomes.get(path)!
  }
  const stream = run({ files: [...paths], concurrency, timeout: TIMEOUT_MS, execArgv: ['--import', WATCHDOG] })
  stream.on('test:pass', (data) => {
    const outcome = of(data)
    const reason = data.skip ?? (data.todo === undefined ? undefined : 'to do')
    if (reason !== undefined) {
      outcome.skipped.push(`${data.name}: ${typeof reason === 'string' && reason !== '' ? reason : 'no reason given'}`)
      return
    }
    if (data.details.type !== 'suite') outcome.passed++
    outcome.passes.push(placeOf(data))
  })
  stream.on('test:fail', (data) => {
    // A suite fails with its tests, which are counted, or alone: by what comes before or after them.
    const { type, error } = data.details
    const isOfItsTests = type === 'suite' && 'failureType' in error && error.failureType === 'subtestsFailed'
    if (isOfItsTests) return
    of(data).failed.push(data.name)
    of(data).failures.push(placeOf(data))
  })
  const printed = stream.compose(spec)
  printed.pipe(process.stdout, { end: false })
  await once(printed, 'end')
  return outcomes
}

/** Everything that passed or failed at first passes now: a test that is skipped or gone then has not. */
function isForgiven(path: string, first: Outcome, second: Outcome): boolean {
  const isOfFile = (place: string): boolean => place.endsWith(` ${path}`)
  const left = second.passes.filter((place) => !isOfFile(place))
  // A file that did not end by itself failed under its own name; one without a test passes under it.
  if (left.length === 0) return false
  return [...first.passes, ...first.failures].every((place) => {
    const at = left.indexOf(place)
    if (at >= 0) left.splice(at, 1)
    return at >= 0 || isOfFile(place)
  })
}

const outcomes = await runFiles(files.map((file) => resolve(file)).sort(), 2)
const failing = [...outcomes].filter(([, { failed }]) => failed.length > 0)
const unsteady: string[] = []
const mayRunAgain = failing.length <= MOST_AGAIN && !failing.some(([path]) => path === '')
if (isSecondRun && !mayRunAgain)
  console.log('\nNothing runs once more: too many files failed, or something outside of them.')
if (isSecondRun && mayRunAgain) {
  for (const [path, first] of failing) {
    console.log(`\nOnce more, alone: ${relative('.', path)}`)
    const again = await runFiles([path], 1)
    const second = again.get(path)
    const isWell = [...again.values()].every(({ failed }) => failed.length === 0)
    if (second === undefined || !isWell || !isForgiven(path, first, second)) continue
    unsteady.push(...first.failed.map((name) => `${relative('.', path)}: ${name}`))
    outcomes.set(path, second)
  }
}

const list = (title: string, lines: readonly string[]): void => {
  if (lines.length > 0) console.log(`\n${title}:\n${lines.map((line) => `  ${line}`).join('\n')}`)
}
const all = [...outcomes.values()]
const skipped = all.flatMap((outcome) => outcome.skipped)
const failed = [...outcomes].flatMap(([path, outcome]) =>
  outcome.failed.map((name) => (path === '' ? name : `${relative('.', path)}: ${name}`)),
)
const passed = all.reduce((sum, outcome) => sum + outcome.passed, 0)
list('Skipped', skipped)
list('Failed once, passed alone: each is a defect of the test or of what it tests', unsteady)
list('Failed', failed)
console.log(`\n${passed} passed, ${failed.length} failed, ${skipped.length} skipped`)
process.exitCode = failed.length > 0 || passed === 0 ? 1 : 0
