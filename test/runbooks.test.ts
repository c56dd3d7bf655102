/**
 * The runbooks: each command is run against a gateway with a simulated plant, or says what it needs and the first page says what runs it instead;
 * each alert has its page and its place among the trees. A wrong command, a line that is not shown and a command without a mark are found.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { needs, temporaryFolder } from '../src/testing/peers.ts'
import { blocksOf, missingLine, type Block } from './pages/blocks.ts'
import { createShell, needsNamespace, type Shell } from './pages/shell.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = 'docs/runbooks'
const pages = globSync('*.md', { cwd: join(ROOT, FOLDER) }).toSorted()
const textOf = (page: string): string => readFileSync(join(ROOT, FOLDER, page), 'utf8')

const skip = needsNamespace() || needs('curl', 'openssl', 'mosquitto')
/** The gateway of the pages: that of the demo, with its files in the folder of the reader. */
async function startGateway(): Promise<Shell> {
  const folder = temporaryFolder({ after })
  const init = spawnSync(join(ROOT, 'bin', 'bifrost'), ['init', '--from-demo', folder], { encoding: 'utf8' })
  assert.equal(init.status, 0, init.stderr)
  const shell = await createShell({ after }, folder)
  const start = (name: string, text: string, wait: string) =>
    shell.run('test/runbooks.test.ts', parsed(`\`\`\`sh background as=${name} wait="${wait}"\n${text}\n\`\`\``))
  await start('plant', 'bifrost simulate plant --port 5020', 'ready')
  await start('broker', 'mosquitto -v -p 1883', 'running')
  await start('gateway', 'BIFROST_DEMO_ACCESS=open bifrost run -c bifrost.yaml', 'sink is Running')
  const ready =
    "```sh run until=60s\nbifrost health\nbifrost capacity\nbifrost sink list\n```\n```text shows\n[+] devices: 3 of 3 run …\ncpu …\nlog at today's rate …\n```"
  await shell.run('test/runbooks.test.ts', parsed(ready))
  return shell
}

const parsed = (text: string): Block => blocksOf(text)[0]!

// Before the tests are told of: what is started in a hook ends with the first of them.
const shell = skip === false ? await startGateway() : undefined

for (const page of pages) {
  const blocks = blocksOf(textOf(page))
  test(`${page}: every command is run, or says what it needs`, { skip }, async () => {
    assert.deepEqual(
      blocks.filter(({ kind }) => kind === 'unmarked').map(({ line, text }) => `${page}:${line}: ${text}`),
      [],
    )
    for (const block of blocks) await shell!.run(`${FOLDER}/${page}`, block)
  })
}

test('what a command needs is in the table of the first page, with what runs it instead', () => {
  const rows = [...textOf('README.md').matchAll(/^\| `([\w-]+)` +\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(
    ([, need = '', , place = '']) => ({ need, place }),
  )
  const used = pages
    .flatMap((page) => blocksOf(textOf(page)))
    .flatMap(({ kind, name }) => (kind === 'needs' ? [name] : []))
  assert.deepEqual([...new Set(used)].toSorted(), rows.map(({ need }) => need).toSorted())
  for (const { need, place } of rows) {
    const named = [...place.matchAll(/`((?:src|test|deploy)\/[\w./-]+)`/g)].map(([, path]) => path!)
    assert.ok(named.length > 0 || need === 'a-person', need)
    const there = (path: string): boolean => existsSync(join(ROOT, path))
    assert.deepEqual(
      named.filter((path) => !there(path)),
      [],
      need,
    )
  }
})

test('every alert has its page, and its place in the trees of incidents.md', () => {
  const rules = globSync('deploy/monitoring/rules/*.yml', { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n')
  const alerts = [...new Set([...rules.matchAll(/^\s*- alert: (\w+)/gm)].map(([, name]) => name!))]
  assert.ok(alerts.length > 60)
  const trees = textOf('incidents.md')
  for (const alert of alerts) assert.ok(existsSync(join(ROOT, FOLDER, 'alerts', `${alert}.md`)), `${alert} has no page`)
  assert.deepEqual(
    alerts.filter((alert) => !trees.includes(`\`${alert}\``)),
    [],
    'alerts that no tree leads to',
  )
  const gone = [...trees.matchAll(/`(Bifrost[A-Z]\w+)`/g)]
    .map(([, name]) => name!)
    .filter((name) => !alerts.includes(name))
  assert.deepEqual(gone, [], 'names of alerts that are none')
})

test(
  'control: a command that is wrong, that ends otherwise, and a line that is not shown are found',
  { skip },
  async () => {
    const run = (text: string) => shell!.run('page.md', parsed(text))
    await run('```sh run\nbifrost read filler/speed\n```\n```text shows\nfiller/speed …\n```')
    await assert.rejects(run('```sh run\nbifrost raed filler/speed\n```'), /page\.md:1: exit 2, not 0/)
    await assert.rejects(run('```sh run exit=1\nbifrost read filler/speed\n```'), /exit 0, not 1/)
    await assert.rejects(run('```sh run\nbifrost version\n```\n```text shows\n99…\n```'), /does not show "99…"/)
    await assert.rejects(run('```sh run\nfalse\ntrue\n```'), /exit 1, not 0/, 'the first of two lines')
  },
)

test('control: a command without a mark is unmarked, in a list and with four backquotes too', () => {
  const text =
    'x\n\n```sh\nrm\n```\n\n1. y\n\n   ```sh run\n   a\n   ```\n\n   ```text shows\n   b\n   ```\n\n````console\n$ c\n````\n'
  const found = blocksOf(text).map(({ kind, line, text, shows }) => [kind, line, text, shows])
  assert.deepEqual(found, [
    ['unmarked', 3, 'rm', []],
    ['run', 9, 'a', ['b']],
    ['unmarked', 17, '$ c', []],
  ])
})

test('control: lines have to come in their order, whole, and … stands for anything', () => {
  const output = 'one 1\n  two   2 x\nthree\n'
  assert.equal(missingLine(output, ['one …', 'two … x', 'three']), undefined)
  assert.equal(missingLine(output, ['three', 'one …']), 'one …')
  assert.equal(missingLine(output, ['two 2']), 'two 2')
  assert.equal(missingLine(output, ['o.e 1']), 'o.e 1')
})
