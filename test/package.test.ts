/** What is installed is what was chosen: exact versions, no script that runs at install, and ways in that say what they want. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')
const read = <T>(name: string): T => JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as T

type Versions = Record<string, string>
type Overrides = { [name: string]: string | Overrides }
const manifest = read<{
  dependencies: Versions
  devDependencies: Versions
  optionalDependencies: Versions
  overrides: Overrides
  allowScripts: Record<string, boolean>
}>('package.json')
const { packages } = read<{
  packages: Record<string, { version?: string; hasInstallScript?: boolean; integrity?: string; optional?: boolean }>
}>('package-lock.json')

const chosen = Object.entries({
  ...manifest.dependencies,
  ...manifest.devDependencies,
  ...manifest.optionalDependencies,
})

/** Those for one dependency's own dependencies too. */
const overridesOf = (overrides: Overrides): [string, string][] =>
  Object.entries(overrides).flatMap(([name, version]) =>
    typeof version === 'string' ? [[name, version] as [string, string]] : overridesOf(version),
  )

test('every dependency is pinned to one version, and the lock file holds that one', () => {
  assert.ok(chosen.length > 30)
  // `$name` in an override is the version that this manifest names itself.
  for (const [name, version] of [...chosen, ...overridesOf(manifest.overrides)])
    assert.match(version, /^(\$[\w@/-]+|\d+\.\d+\.\d+(-[\w.]+)?)$/, name)
  const differing = chosen.filter(([name, version]) => packages[`node_modules/${name}`]?.version !== version)
  assert.deepEqual(differing, [])
})

test('what is installed is locked by its content', () => {
  const open = Object.entries(packages).filter(([path, { integrity }]) => path !== '' && integrity === undefined)
  assert.deepEqual(
    open.map(([path]) => path),
    [],
  )
})

test('a package with an install script is named and refused', () => {
  const withScript = Object.entries(packages).flatMap(([path, { hasInstallScript, optional }]) => {
    const name = path.split('node_modules/').at(-1)!
    return hasInstallScript === true && !(optional === true && name === 'fsevents') ? [name] : []
  })
  assert.deepEqual(
    withScript.filter((name) => manifest.allowScripts[name] !== false),
    [],
  )
  assert.deepEqual(
    Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed),
    [],
  )
})

const run = (command: string, ...args: string[]) => spawnSync(command, args, { cwd: '/', encoding: 'utf8' })

test('the way in refuses what it does not know before it installs anything', (t) => {
  // In a folder of its own, where a defect has nothing to install.
  const scripts = join(temporaryFolder(t), 'scripts')
  mkdirSync(scripts)
  copyFileSync(join(ROOT, 'scripts', 'bootstrap.js'), join(scripts, 'bootstrap.mjs'))
  for (const words of [['nonsense'], [], ['constructor']]) {
    const { status, stderr } = run('node', join(scripts, 'bootstrap.mjs'), ...words)
    assert.equal(status, 2, words.join(' '))
    assert.match(stderr, /one of start, test, check, bench, docs/)
    assert.doesNotMatch(stderr, /installing|TypeError/)
  }
})

test('the launcher works from anywhere and hands on the exit code', () => {
  const launcher = join(ROOT, 'bin', 'bifrost')
  const version = run(launcher, 'version')
  assert.deepEqual([version.status, version.stdout], [0, `${read<{ version: string }>('package.json').version}\n`])
  assert.equal(run(launcher, 'nonsense').status, 2)
  assert.equal(run(launcher, 'check', '-c', '/nowhere/bifrost.yaml').status, 78)
})
