/** Everything that is judged without running the product: types, lint, format, unused code, architecture. Runs all, then says. */
import { spawnSync } from 'node:child_process'

const steps: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '--noEmit'],
  ['types of the page', 'tsc', '--noEmit', '-p', 'ui'],
  ['lint', 'oxlint', '--type-aware', '--deny-warnings'],
  ['format', 'prettier', '--check', '--log-level', 'warn', '.'],
  ['unused', 'knip', '--no-progress'],
  ['architecture', 'node', '--test', '--test-reporter=dot', 'test/architecture.test.ts'],
]

const failures: string[] = []
for (const [name, command, ...args] of steps) {
  const started = performance.now()
  const result = spawnSync(command, args, { encoding: 'utf8' })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  if (result.status === 0) {
    console.log(`ok    ${name} (${seconds} s)`)
    continue
  }
  failures.push(name)
  console.log(
    `FAIL  ${name} (${seconds} s)\n${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`,
  )
}
console.log(failures.length === 0 ? 'check: all good' : `check: failed: ${failures.join(', ')}`)
process.exitCode = failures.length === 0 ? 0 : 1
