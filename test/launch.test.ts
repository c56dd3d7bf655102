/** How Node is started: with the settings that only count before a process starts, the same in a checkout and in a release. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { IStatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { parse } from 'yaml'
import { imageSettings } from '../scripts/image/settings.ts'

const ROOT = join(import.meta.dirname, '..')
const LAUNCH = join(ROOT, 'bin', 'launch')
const SAY =
  'console.log(JSON.stringify([process.execArgv.filter((one) => one.startsWith("--")), process.env.MALLOC_TRIM_THRESHOLD_ ?? null, process.env.MALLOC_MMAP_THRESHOLD_ ?? null]))'

/** Settings of V8, and from which size on glibc trims and maps. */
type Started = [flags: string[], trim: string | null, map: string | null]

function startedWith(env: NodeJS.ProcessEnv): Started {
  const { BIFROST_MEMORY, NODE_OPTIONS, MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_, ...rest } = process.env
  void [BIFROST_MEMORY, NODE_OPTIONS, MALLOC_TRIM_THRESHOLD_, MALLOC_MMAP_THRESHOLD_]
  const { stdout, stderr } = spawnSync(LAUNCH, ['-e', SAY], { encoding: 'utf8', env: { ...rest, ...env } })
  assert.equal(stderr, '')
  return JSON.parse(stdout) as Started
}

test('memory is bounded early, and on small boxes earlier; the environment may say otherwise', () => {
  assert.deepEqual(startedWith({}), [['--heap-growing-percent=50', '--max-semi-space-size=2'], null, null])
  const small = [
    '--optimize-for-size',
    '--initial-heap-size=48',
    '--heap-growing-percent=15',
    '--max-semi-space-size=2',
  ]
  assert.deepEqual(startedWith({ BIFROST_MEMORY: 'small' }), [small, '65536', '16384'])
  const own = { BIFROST_MEMORY: 'small', NODE_OPTIONS: '--max-semi-space-size=4', MALLOC_TRIM_THRESHOLD_: '1' }
  assert.deepEqual(startedWith(own), [small.slice(0, 3), '1', '16384'])
})

test('the launcher of a release has the same settings of V8 and of the allocator', () => {
  const settings = (file: string): string[] =>
    readFileSync(join(ROOT, file), 'utf8')
      .split('\n')
      .filter((line) => /growth|MALLOC|max.semi.space|optimize-for-size/.test(line))
  assert.deepEqual(settings('scripts/release/launcher.sh'), settings('bin/launch'))
  assert.ok(settings('bin/launch').length > 5)
})

const readText = (...path: string[]): string => readFileSync(join(ROOT, 'deploy', ...path), 'utf8')
/** How a container starts Node, which has no shell that could do it; as the launcher does it otherwise. */
const inContainer = ([flags, trim, map]: Started) => ({ words: ['/opt/bifrost/node/bin/node', ...flags, '/opt/bifrost/dist/main.js'], trim, map }) // prettier-ignore

test('the image has the settings of the launcher', () => {
  const facts = { version: '', commit: '', builtAt: '' }
  const entry = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(readText('docker', 'Dockerfile'))![1]!) as string[]
  const { words } = inContainer(startedWith({}))
  assert.deepEqual([entry, imageSettings(facts).Entrypoint], [words, words])
})

test('on a little box containers have those of the launcher for one', () => {
  const wanted = inContainer(startedWith({ BIFROST_MEMORY: 'small' }))
  const started = (words: unknown, { MALLOC_TRIM_THRESHOLD_: trim, MALLOC_MMAP_THRESHOLD_: map }: NodeJS.ProcessEnv) => ({ words, trim, map }) // prettier-ignore
  const { gateway } = (parse(readText('compose', 'compose.edge.yml')) as Compose).services
  assert.deepEqual(started(gateway!.entrypoint, gateway!.environment ?? {}), wanted)
  // The words of the image go with its entry point.
  assert.deepEqual(gateway!.command, imageSettings({ version: '', commit: '', builtAt: '' }).Cmd)
  const set = parse(readText('kubernetes', 'overlays', 'edge', 'gateway.yaml')) as IStatefulSet
  const container = set.spec!.template.spec!.containers[0]!
  assert.deepEqual(started(container.command, Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]))), wanted) // prettier-ignore
})

interface Compose {
  readonly services: Readonly<Record<string, { entrypoint?: string[]; command?: string[]; environment?: NodeJS.ProcessEnv }>> // prettier-ignore
}
