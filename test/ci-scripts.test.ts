/**
 * The scripts that the steps of the workflows call are run here: with the real thing where this machine has it, else with a stand-in that notes
 * what it was told. None is called by a workflow without being run here or by .ci/run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash, generateKeyPairSync, verify } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { smoke } from '../scripts/ci/smoke.ts'
import { filesOf, GROUPS, groupOf, TEST_FILES } from '../scripts/ci/test-groups.ts'
import { freePort, startProcess, temporaryFolder } from '../src/testing/peers.ts'
import { stepsOf } from './workflows/rules.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, '.github', 'workflows')
const workflows = globSync('*.yml', { cwd: FOLDER }).toSorted()
const textOf = (name: string): string => readFileSync(join(FOLDER, name), 'utf8')
const scripts = globSync('scripts/ci/*.sh', { cwd: ROOT }).toSorted()
/** Scripts that this file has run. */
const ran = new Set<string>()

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

interface Stand {
  /** The tree in which the scripts run. */
  readonly root: string
  /** Answers by the program's name: a shell script. Each call is noted. */
  readonly programs: Readonly<Record<string, string>>
}

/** A script of scripts/ci with programs in its PATH that note their words, and then do what is said here. */
function run(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  stand?: Stand,
): Ran & { calls: string[] } {
  ran.add(`scripts/ci/${name}`)
  const root = stand?.root ?? ROOT
  const folder = temporaryFolder({ after })
  const notes = join(folder, 'calls')
  writeFileSync(notes, '')
  for (const [program, does] of Object.entries(stand?.programs ?? {})) {
    writeFileSync(join(folder, program), `#!/bin/sh\necho "${program} $*" >> "$CALLS"\n${does}\n`)
    chmodSync(join(folder, program), 0o755)
  }
  const result = spawnSync(join(root, 'scripts', 'ci', name), args, {
    encoding: 'utf8',
    cwd: '/',
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, CALLS: notes, ...env },
  })
  const calls = readFileSync(notes, 'utf8').split('\n').filter(Boolean)
  return { status: result.status, out: result.stdout, err: result.stderr, calls }
}

/** The scripts in a tree of their own, where what they start is a stand-in too. */
function tree(launch = 'true'): string {
  const root = temporaryFolder({ after })
  cpSync(join(ROOT, 'scripts', 'ci'), join(root, 'scripts', 'ci'), { recursive: true })
  writeFileSync(join(root, 'scripts', 'bootstrap.js'), '')
  writeFileSync(join(root, 'package.json'), '{ "version": "1.2.3" }')
  mkdirSync(join(root, 'bin'))
  writeFileSync(join(root, 'bin', 'launch'), `#!/bin/sh\necho "launch $*" >> "$CALLS"\n${launch}\n`, { mode: 0o755 })
  return root
}

test('each test file is in one group, no group is empty, and the workflow runs all groups', () => {
  const all = globSync(TEST_FILES, { cwd: ROOT, exclude: (name) => name === 'node_modules' }).toSorted()
  const grouped = GROUPS.flatMap((group) => filesOf(ROOT, group))
  assert.deepEqual(grouped.toSorted(), all)
  const listed = run('test.sh', ['--list', 'interop'])
  assert.deepEqual(listed.out.trim().split('\n'), filesOf(ROOT, 'interop'))
  assert.equal(groupOf('test/tls-scan.test.ts'), 'security')
  assert.match(run('test.sh', ['--list', 'everything']).err, /there are interop, security, integration, unit/)
  for (const group of GROUPS) assert.ok(filesOf(ROOT, group).length > 5, group)
  assert.ok(textOf('ci.yml').includes(`group: [unit, integration, interop, security]`))
})

test('a job for another Node runs on that one or not at all', () => {
  const node = (version: string) => ({ root: ROOT, programs: { node: `echo ${version}` } })
  const wrong = run('test.sh', ['--list', 'unit'], { BIFROST_NODE_MAJOR: '24' }, node('26.1.0'))
  assert.deepEqual([wrong.status, wrong.out], [2, ''])
  assert.match(wrong.err, /node in PATH is 26\.1\.0: install Node 24/)
  const right = run('test.sh', ['--list', 'unit'], { BIFROST_NODE_MAJOR: '24' }, node('24.1.0'))
  assert.match(right.out, /^ci: on Node 24\.1\.0\n24\.1\.0\n/, 'the stand-in was started in place of Node 26')
})

test('a release is one only when tag, package.json and changelog agree', () => {
  assert.match(run('version.sh', ['v9.9.9']).err, /the tag is v9\.9\.9 and package\.json says 0\.1\.0/)
})

test('nothing is missing here that a bare Debian lacks; as somebody else it is named, not installed', () => {
  const stand = { root: ROOT, programs: { id: 'echo 1000', 'dpkg-query': 'exit 1' } }
  const refused = run('prepare.sh', ['mosquitto'], {}, stand)
  assert.deepEqual(
    [refused.status, refused.err],
    [1, 'ci: needs root to install ca-certificates git libatomic1 python3 python3-venv mosquitto\n'],
  )
  const none = run('prepare.sh', [], {}, { root: ROOT, programs: { 'dpkg-query': 'echo installed' } })
  assert.deepEqual([none.status, none.out], [0, 'ci: nothing is missing\n'])
  const env = join(temporaryFolder({ after }), 'env')
  run('prepare.sh', [], { GITHUB_ENV: env }, { root: ROOT, programs: { 'dpkg-query': 'echo installed' } })
  assert.match(
    readFileSync(env, 'utf8'),
    /^GIT_CONFIG_COUNT=1\nGIT_CONFIG_KEY_0=safe\.directory\nGIT_CONFIG_VALUE_0=\//,
  )
})

test('the job that builds a release has what takes the symbols out of the programs of both architectures', () => {
  const [, packages = ''] = /run: scripts\/ci\/prepare\.sh (.*)/.exec(textOf('release.yml')) ?? []
  const node = readFileSync(join(ROOT, 'scripts', 'release', 'node-program.ts'), 'utf8')
  const needed = [.../STRIP_PACKAGE = \{(.*)\}/.exec(node)![1]!.matchAll(/'([^']+)'/g)].map(([, name]) => name!)
  assert.equal(needed.length, 2)
  assert.deepEqual(needed.filter((name) => !packages.split(' ').includes(name)), []) // prettier-ignore
})

test('packages are installed where no secret is', () => {
  const install = (env: NodeJS.ProcessEnv) => run('install.sh', [], env, { root: tree(), programs: { node: 'true' } })
  const [installed] = install({}).calls
  assert.equal(installed, 'node scripts/bootstrap.js install')
  for (const secret of ['BIFROST_RELEASE_KEY', 'BIFROST_KUBECONFIG', 'BIFROST_TOKEN', 'GH_TOKEN']) {
    const refused = install({ [secret]: 'x' })
    assert.deepEqual([refused.status, refused.calls], [4, []], secret)
  }
})

test('a run of benchmarks that is too short to judge is not green', () => {
  const root = tree('case $1 in *measure*) echo measured;; *compare*) echo "| a |"; exit 1;; esac')
  const summary = join(root, 'summary')
  const short = run(
    'bench.sh',
    ['out.json'],
    { BIFROST_BENCH_ROUNDS: '2', GITHUB_STEP_SUMMARY: summary },
    { root, programs: {} },
  )
  assert.equal(short.status, 1)
  assert.equal(readFileSync(summary, 'utf8'), '| a |\n')
  assert.match(short.calls[0]!, /^launch scripts\/ci\/measure-bench\.ts --out out\.json --rounds 2 /)
})

test('audit: a published weakness fails the job, and so do packages without signature', () => {
  const audit = (npm: string) => run('audit.sh', [], {}, { root: tree(), programs: { npm } })
  assert.equal(audit('true').status, 0)
  assert.equal(audit('[ "$2" != --omit=dev ]').status, 1)
  assert.equal(audit('[ "$2" != signatures ]').status, 1)
})

test('release: images for both architectures out of one stage, then all of it, unsigned, with the time of the commit', () => {
  const build = (version: string) => {
    const root = tree(
      `[ "$1" != -p ] || { echo ${version}; exit; }\necho "$SOURCE_DATE_EPOCH \${BIFROST_RELEASE_KEY:-no key}" >> "$CALLS"`,
    )
    const stand = { root, programs: { git: 'echo 1700000000' } }
    return run('build-release.sh', ['out'], { BIFROST_RELEASE_KEY: 'K' }, stand)
  }
  const built = build('1.2.3')
  assert.equal(built.status, 0, built.err)
  const launched = built.calls.filter((call) => call.startsWith('launch scripts/'))
  assert.deepEqual(
    launched.map((call) => call.split(' ')[1]),
    ['stage', 'image', 'image', 'release'].map((name) =>
      name === 'image' ? 'scripts/image/build.ts' : `scripts/release/${name}.ts`,
    ),
  )
  assert.match(launched[2]!, /--arch arm64 --out \S+\/bifrost-1\.2\.3-image-linux-arm64\.tar$/)
  assert.match(
    launched[3]!,
    /--out \S+\/out --channel stable --add image:x64:\S+-x64\.tar --add image:arm64:\S+-arm64\.tar$/,
  )
  assert.equal(built.calls.filter((call) => call === '1700000000 no key').length, 4)
  assert.match(build('1.2.3-rc.1').calls.at(-2)!, / --channel beta /, 'a candidate is not for boxes of stable')
})

test('two builds: equal bytes pass, one flipped byte is named', () => {
  const [first, second] = [temporaryFolder({ after }), temporaryFolder({ after })]
  for (const folder of [first, second]) writeFileSync(join(folder, 'a.tar'), 'aaaa')
  const none = temporaryFolder({ after })
  for (const folders of [
    [none, none],
    [first, none],
    [none, first],
  ])
    assert.match(run('same-bytes.sh', folders).err, /there is no file in .*: nothing was built/)
  assert.equal(run('same-bytes.sh', [first, join(none, 'missing')]).status, 1)
  assert.equal(run('same-bytes.sh', [first, second]).out, 'same-bytes: 1 files are equal\n')
  writeFileSync(join(second, 'a.tar'), 'aaba')
  const differing = run('same-bytes.sh', [first, second])
  assert.deepEqual([differing.status, /a\.tar .* differ/.test(differing.out)], [5, true])
})

test('scan: each SBOM and each image, by the pinned scanner; a finding, and a folder that lacks one of them, fail', () => {
  const dir = temporaryFolder({ after })
  writeFileSync(join(dir, 'bifrost-1.2.3.cdx.json'), '{}')
  const scan = (go: string) => run('scan.sh', [dir], {}, { root: ROOT, programs: { go } })
  assert.match(scan('true').err, /1 SBOMs .* and 0 images/)
  for (const arch of ['x64', 'arm64']) writeFileSync(join(dir, `bifrost-1.2.3-image-linux-${arch}.tar`), '')
  const good = scan('true')
  assert.deepEqual([good.status, good.calls.length], [0, 3])
  assert.match(
    good.calls[0]!,
    /^go run github\.com\/google\/osv-scanner\/v2\/cmd\/osv-scanner@v\d+\.\d+\.\d+ scan source /,
  )
  assert.equal(scan('[ "$4" != image ]').status, 1)
})

test('sign: without the key nothing is signed; with it, it is on no disk and gone afterwards', () => {
  assert.equal(run('sign.sh', ['x']).status, 4)
  const root = tree(
    'for w; do last=$w; done\nstat -f -c %T "$last" >> "$CALLS"\nstat -c %a "$last" >> "$CALLS"; cat "$last" >> "$CALLS"\nenv | grep RELEASE_KEY >> "$CALLS" || true',
  )
  const box = join(root, 'bin', 'bifrost')
  writeFileSync(box, '#!/bin/sh\necho "bifrost $*" >> "$CALLS"\n', { mode: 0o755 })
  const node = 'echo "key: ${BIFROST_RELEASE_KEY:-none}, pem: ${pem:-none}" >> "$CALLS"'
  const sign = () => run('sign.sh', ['x'], { BIFROST_RELEASE_KEY: 'KEY' }, { root, programs: { node } })
  const signed = sign()
  assert.equal(signed.status, 0, signed.err)
  assert.deepEqual(signed.calls.slice(0, 2), ['node scripts/bootstrap.js install', 'key: none, pem: none'])
  assert.deepEqual(signed.calls.slice(3), ['tmpfs', '600', 'KEY', 'bifrost update verify x'])
  writeFileSync(box, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  assert.equal(sign().status, 1, 'what no box would take')
  assert.ok(!existsSync(signed.calls[2]!.split(' ').at(-1)!))
})

test('a signature is one of the bytes as they lie there, by the key whose id stands before it', (t) => {
  const folder = temporaryFolder(t)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  writeFileSync(join(folder, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  writeFileSync(join(folder, 'manifest.json'), '{ "format": 1 }')
  const args = ['scripts/ci/sign-manifest.ts', '--dir', folder, '--key', join(folder, 'key.pem')]
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const [id, signature = ''] = readFileSync(join(folder, 'manifest.json.sig'), 'utf8').trimEnd().split(' ')
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  assert.equal(id, createHash('sha256').update(raw).digest('hex').slice(0, 16))
  const verifies = (text: string) => verify(null, Buffer.from(text), publicKey, Buffer.from(signature, 'base64'))
  assert.deepEqual([verifies('{ "format": 1 }'), verifies('{ "format": 2 }')], [true, false])
})

test('publish: nothing without a signature; both architectures under one name, signed by digest; a candidate is no release', () => {
  const root = tree('echo notes of it')
  const verifies = (exit: number): void =>
    writeFileSync(join(root, 'bin', 'bifrost'), `#!/bin/sh\necho "bifrost $*" >> "$CALLS"\nexit ${exit}\n`, {
      mode: 0o755,
    })
  verifies(1)
  const dir = temporaryFolder({ after })
  const buildah = 'while [ $# -gt 0 ]; do [ "$1" != --digestfile ] || echo sha256:abc > "$2"; shift; done'
  const publish = (version: string) =>
    run(
      'publish.sh',
      [version, dir],
      { BIFROST_IMAGE: 'reg.example/b/bifrost', GH_TOKEN: 't' },
      { root, programs: { buildah, go: 'true', gh: 'true' } },
    )
  const refused = publish('1.2.3')
  assert.deepEqual([refused.status, refused.calls], [1, []])
  writeFileSync(join(dir, 'manifest.json.sig'), 'x')
  const untrusted = publish('1.2.3')
  assert.deepEqual([untrusted.status, untrusted.calls], [1, [`bifrost update verify ${dir}`]], 'no box would take it')
  verifies(0)
  const { status, calls, err } = publish('1.2.3-rc.1')
  assert.equal(status, 0, err)
  assert.equal(calls.filter((call) => call.startsWith('buildah manifest add')).length, 2)
  assert.match(
    calls.find((call) => call.startsWith('go'))!,
    /cosign@v[\d.]+ sign --yes reg\.example\/b\/bifrost@sha256:abc$/,
  )
  assert.match(calls.at(-1)!, /^gh release create v1\.2\.3-rc\.1 .*--notes notes of it --prerelease/)
})

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`

/** What kubectl says of an overlay and of the stateful set. */
const OVERLAY = `spec:\n  image: registry.example.com/bifrost/bifrost:0.1.0\n  other: { image: x }\n---\n  image: registry.example.com/bifrost-backup:1\n`
interface Answers {
  readonly rollout?: string
  /** What it says of the revision that runs: a shell command. */
  readonly before?: string
  readonly now?: string
  readonly diff?: string
  /** Generation, and the one that the controller has seen: a shell command. */
  readonly observed?: string
}

function cluster(answers: Answers, variables: NodeJS.ProcessEnv = {}) {
  const { rollout = 'true', before = 'printf bifrost-aaa', now = 'bifrost-bbb', diff = 'exit 1' } = answers
  const kubectl = [
    `case "$*" in`,
    `kustomize*) printf '${OVERLAY.replaceAll('\n', String.raw`\n`)}';;`,
    `*currentRevision*) ${before};;`,
    `*observedGeneration*) ${answers.observed ?? 'echo 4 4'};;`,
    `*updateRevision*) printf '${now}';;`,
    `*controllerrevision*) printf 7;;`,
    `*"get pods"*) echo pod/bifrost-0;;`,
    `diff*) ${diff};;`,
    `apply*) cp "$3" "$APPLIED";;`,
    `*"rollout status"*) ${rollout};;`,
    `esac`,
  ].join('\n')
  const root = tree()
  mkdirSync(join(root, 'overlays', 'staging'), { recursive: true })
  const env = {
    BIFROST_OVERLAYS: join(root, 'overlays'),
    BIFROST_IMAGE: 'reg.example/bifrost',
    BIFROST_IMAGE_DIGEST: DIGEST,
    APPLIED: join(root, 'applied.yaml'),
    STAND: root,
    ...variables,
  }
  return {
    deploy: (...args: string[]) => run('deploy.sh', args, env, { root, programs: { kubectl } }),
    rollback: () => run('rollback.sh', ['staging'], env, { root, programs: { kubectl } }),
    applied: () => readFileSync(env.APPLIED, 'utf8'),
  }
}

test('deploy: the image by its digest and nothing else; compared, applied, waited for', () => {
  const { deploy, applied } = cluster({})
  const { status, calls, err } = deploy('staging', '1.2.3')
  assert.equal(status, 0, err)
  assert.equal(
    applied(),
    OVERLAY.replace('registry.example.com/bifrost/bifrost:0.1.0', `reg.example/bifrost@${DIGEST}`),
  )
  const verbs = calls.map((call) => /kustomize|get|diff|apply|rollout/.exec(call)![0])
  assert.deepEqual(verbs, ['kustomize', 'get', 'diff', 'apply', 'rollout'])
})

test('deploy refuses an environment, a version and an overlay that are none, before it asks the cluster', () => {
  const { deploy } = cluster({})
  for (const [args, says] of [
    [['prod', '1.2.3'], /is no environment/],
    [['staging', '1.2; rm'], /is no version/],
    [['production', '1.2.3'], /there is no .*production/],
  ] as const) {
    const refused = deploy(...args)
    assert.deepEqual([refused.status, refused.calls], [2, []])
    assert.match(refused.err, says)
  }
  const unanswered = cluster({ diff: 'exit 2' }).deploy('staging', '1.2.3')
  assert.deepEqual([unanswered.status, unanswered.calls.filter((call) => call.includes('apply'))], [1, []])
})

test('deploy takes a digest and a name of an image, and nothing else: they become a part of a script', () => {
  const pwned = join(temporaryFolder({ after }), 'pwned')
  for (const [variable, value] of [
    ['BIFROST_IMAGE_DIGEST', `x#;1e touch ${pwned}\n#`],
    ['BIFROST_IMAGE_DIGEST', `${DIGEST}#;1e touch ${pwned}\n#`],
    ['BIFROST_IMAGE_DIGEST', `${DIGEST}\n`],
    ['BIFROST_IMAGE_DIGEST', DIGEST.toUpperCase()],
    ['BIFROST_IMAGE_DIGEST', DIGEST.slice(0, -1)],
    ['BIFROST_IMAGE_DIGEST', ''],
    ['BIFROST_IMAGE', `x#;1e touch ${pwned}\n#`],
    ['BIFROST_IMAGE', `x#e touch ${pwned}`],
    ['BIFROST_IMAGE', String.raw`reg.example/\1`],
    ['BIFROST_IMAGE', 'reg.example/&'],
    ['BIFROST_IMAGE', 'reg.example//bifrost'],
  ] as const) {
    const refused = cluster({}, { [variable]: value }).deploy('staging', '1.2.3')
    assert.deepEqual([refused.status, refused.calls], [2, []], `${variable}=${value}`)
    assert.ok(refused.err.startsWith(`deploy: ${variable} '${value}' is no `), refused.err)
  }
  assert.ok(!existsSync(pwned))
  for (const image of ['bifrost', 'localhost:5000/bifrost', 'ghcr.io/some-body/bifrost_edge/bifrost.gateway'])
    assert.equal(cluster({}, { BIFROST_IMAGE: image }).deploy('staging', '1.2.3').status, 0, image)
})

test('a cluster that does not answer is no first deployment: nothing is changed, and nothing is taken back', () => {
  const silent = cluster({ before: 'echo "Unable to connect to the server: i/o timeout" >&2; exit 1' })
  const refused = silent.deploy('staging', '1.2.3')
  assert.equal(refused.status, 1)
  assert.match(refused.err, /i\/o timeout\ndeploy: what runs in staging could not be asked/)
  assert.deepEqual(refused.calls.filter((call) => /diff|apply|rollout/.test(call)), []) // prettier-ignore
  assert.match(refused.calls.at(-1)!, / --ignore-not-found /)
  const back = silent.rollback()
  assert.deepEqual([back.status, back.calls], [0, []])
  assert.match(back.err, /ended before it changed anything/)
})

test('what an earlier deployment noted is no way back for one that was refused', () => {
  const { deploy, rollback } = cluster({})
  assert.equal(deploy('staging', '1.2.3').status, 0)
  assert.equal(deploy('staging', 'none').status, 2)
  assert.deepEqual(rollback().calls, [])
})

test('the way back waits until the cluster has seen what was applied, and not for ever', () => {
  // Each question lets the controller see one more generation; until then it tells of the revision before.
  const observed = 'echo x >> "$STAND/asked"; n=$(wc -l < "$STAND/asked"); [ "$n" -lt 3 ] && echo "5 4" || echo "5 5"'
  const now = `'; [ "$(wc -l < "$STAND/asked")" -lt 3 ] && printf bifrost-aaa || printf 'bifrost-bbb`
  const late = cluster({ observed, now })
  late.deploy('staging', '1.2.3')
  const { calls, out, err } = late.rollback()
  assert.equal(calls.filter((call) => call.includes('observedGeneration')).length, 3, err)
  assert.ok(calls.some((call) => call.includes('rollout undo')), out) // prettier-ignore
  const never = cluster({ observed: 'echo "5 "' }, { BIFROST_OBSERVE_SECONDS: '0' })
  never.deploy('staging', '1.2.3')
  const stuck = never.rollback()
  assert.match(stuck.err, /has not looked at generation 5 of statefulset\/bifrost \(only at none\)/)
  assert.deepEqual([stuck.status, stuck.calls.filter((call) => call.includes('undo'))], [1, []])
  const silent = cluster({ observed: 'exit 1' })
  silent.deploy('staging', '1.2.3')
  assert.equal(silent.rollback().status, 1)
})

test('a roll-out that does not come up goes back to the revision before, past the pod that blocks the way', () => {
  const failed = cluster({ rollout: 'exit 1' })
  assert.equal(failed.deploy('staging', '1.2.3').status, 1)
  const { calls } = failed.rollback()
  assert.ok(calls.includes('kubectl -n bifrost rollout undo statefulset/bifrost --to-revision=7'), calls.join('\n'))
  assert.ok(calls.includes('kubectl -n bifrost delete pod/bifrost-0 --wait=false'))
})

test('no way back where nothing ran before, and none is needed where nothing was rolled out', () => {
  const first = cluster({ before: 'true' })
  first.deploy('staging', '1.2.3')
  const none = first.rollback()
  assert.deepEqual([none.status, none.calls], [1, []])
  const same = cluster({ now: 'bifrost-aaa' })
  same.deploy('staging', '1.2.3')
  assert.match(same.rollback().out, /still is at bifrost-aaa/)
})

test('access to a cluster: a file in memory for nobody else', () => {
  const env = join(temporaryFolder({ after }), 'env')
  writeFileSync(env, '')
  assert.equal(run('kubectl.sh', []).status, 4)
  assert.equal(run('kubectl.sh', [], { BIFROST_KUBECONFIG: 'K', GITHUB_ENV: env }).status, 0)
  const [, file = ''] = readFileSync(env, 'utf8').trim().split('=')
  assert.match(file, /^\/dev\/shm\//)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  rmSync(file)
})

test('smoke against a gateway that runs: good, another version, no gateway', async (t) => {
  const port = await freePort()
  const args = ['demo', '--port', String(port), '--mqtt-port', String(await freePort())]
  const demo = startProcess(t, join(ROOT, 'bin', 'bifrost'), args)
  await demo.waitFor(/metrics \/ API/, 60_000)
  const env = { BIFROST_URL: `http://127.0.0.1:${port}`, BIFROST_SMOKE_WAIT: '30' }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const good = run('smoke.sh', [version], env)
  assert.match(good.out, /ready, samples arrive, every account adds up/, good.err)
  const other = run('smoke.sh', ['9.9.9'], { ...env, BIFROST_SMOKE_WAIT: '0' })
  assert.deepEqual([other.status, other.err], [1, `it runs ${version}, and 9.9.9 was deployed\n`])
  const none = run('smoke.sh', [version], { BIFROST_URL: 'http://127.0.0.1:9', BIFROST_SMOKE_WAIT: '0' })
  assert.equal(none.status, 3)
})

/** A gateway whose answers are these; what is left out is good. The log is asked twice. */
function gateway(answers: { log?: readonly unknown[]; sinks?: readonly unknown[] }) {
  const log = [...(answers.log ?? [{ nextSeq: 5 }, { nextSeq: 9 }])]
  const bodies: Readonly<Record<string, () => unknown>> = {
    '/readyz': () => ({}),
    '/api/v1/system': () => ({ version: '1.2.3' }),
    '/api/v1/sinks': () => ({
      sinks: answers.sinks ?? [{ name: 'a', state: 'Running', reason: null, balanced: true }],
    }),
    '/api/v1/log': () => log.shift(),
  }
  return async <T>(path: string) => {
    const body = bodies[path]!()
    return body === undefined ? undefined : { status: body === 'refused' ? 503 : 200, body: body as T }
  }
}

test('smoke: a gateway that dies between two looks, gets no samples, or has a sink that does not deliver is not good', async () => {
  const faultsOf = (answers: Parameters<typeof gateway>[0]) => smoke(gateway(answers), '1.2.3', 0, 1)
  assert.deepEqual(await faultsOf({}), [])
  assert.deepEqual(await faultsOf({ log: [{ nextSeq: 5 }] }), ['it went away'])
  assert.deepEqual(await faultsOf({ log: [] }), ['it went away'])
  assert.deepEqual(await faultsOf({ log: [{ nextSeq: 5 }, 'refused'] }), [
    '/api/v1/log answered 503 at the second look',
  ])
  assert.deepEqual(await faultsOf({ log: [{ nextSeq: 5 }, { nextSeq: 5 }] }), ['no sample arrived in 0.001 s'])
  assert.deepEqual(await faultsOf({ log: [{ nextSeq: 5 }, {}] }), ['no sample arrived in 0.001 s'])
  const bad = { name: 'b', state: 'Stopped', reason: 'refused the password', balanced: false }
  assert.deepEqual(await faultsOf({ sinks: [bad] }), [
    'sink b is Stopped: refused the password',
    'the account of sink b does not add up',
  ])
})

test('smoke goes on looking until a gateway that is late is good', async () => {
  const late = gateway({ log: [{ nextSeq: 5 }, { nextSeq: 5 }, { nextSeq: 5 }, { nextSeq: 6 }] })
  assert.deepEqual(await smoke(late, '1.2.3', 5000, 1), [])
})

test('every script that a workflow calls is run by .ci/run or by a test', () => {
  const elsewhere = ['.ci/run', 'test/site.test.ts'].map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n')
  const called = new Set(
    workflows
      .flatMap((name) => stepsOf(textOf(name)))
      .flatMap(({ run: line }) => (line === undefined ? [] : [line.split(' ')[0]!])),
  )
  assert.ok(called.size >= 14)
  const never = [...called].filter((script) => !ran.has(script) && !elsewhere.includes(script))
  assert.deepEqual(never, [])
  const unused = scripts.filter((script) => !called.has(script) && script !== 'scripts/ci/env.sh')
  assert.deepEqual(unused, [], 'scripts that no workflow calls')
})
