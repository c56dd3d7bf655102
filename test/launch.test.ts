/** How Node is started: with the settings that only count before a process starts, the same in a checkout and in a release. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')
const LAUNCH = join(ROOT, 'bin', 'launch')
const SAY =
  'console.log(JSON.stringify([process.execArgv.filter((one) => one.startsWith("--")), process.env.MALLOC_TRIM_THRESHOLD_ ?? null]))'

function startedWith(env: NodeJS.ProcessEnv): unknown {
  const { BIFROST_MEMORY, NODE_OPTIONS, MALLOC_TRIM_THRESHOLD_, ...rest } = process.env
  void [BIFROST_MEMORY, NODE_OPTIONS, MALLOC_TRIM_THRESHOLD_]
  const { stdout, stderr } = spawnSync(LAUNCH, ['-e', SAY], { encoding: 'utf8', env: { ...rest, ...env } })
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

test('memory is bounded early, and on small boxes earlier; the environment may say otherwise', () => {
  assert.deepEqual(startedWith({}), [['--heap-growing-percent=50', '--max-semi-space-size=2'], null])
  const small = [
    '--optimize-for-size',
    '--initial-heap-size=48',
    '--heap-growing-percent=15',
    '--max-semi-space-size=2',
  ]
  assert.deepEqual(startedWith({ BIFROST_MEMORY: 'small' }), [small, '65536'])
  const own = { BIFROST_MEMORY: 'small', NODE_OPTIONS: '--max-semi-space-size=4', MALLOC_TRIM_THRESHOLD_: '1' }
  assert.deepEqual(startedWith(own), [small.slice(0, 3), '1'])
})

test('the launcher of a release has the same settings of V8 and of the allocator', () => {
  const settings = (file: string): string[] =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .filter((line) => /growth|MALLOC|max.semi.space|optimize-for-size/.test(line))
  assert.deepEqual(settings('scripts/release/launcher.sh'), settings('bin/launch'))
  assert.ok(settings('bin/launch').length > 5)
})
