/**
 * The compose files: judged by docker-compose, which knows what the Compose Specification allows, and by rules of ours, each of which a file
 * has to break to fail. `deploy/compose/try-compose.sh` runs them.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { eventually, freePort, needs, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const ROOT = join(import.meta.dirname, '..')
const FOLDER = join(ROOT, 'deploy', 'compose')

interface Service {
  image: string
  profiles?: string[]
  depends_on?: Record<string, { condition: string }>
  environment?: Record<string, string>
  secrets?: string[]
  volumes?: string[]
  networks?: string[]
  ports?: string[]
  mem_limit?: string
  cpus?: number | string
  pids_limit?: number
  read_only?: boolean
  cap_drop?: string[]
  cap_add?: string[]
  security_opt?: string[]
  privileged?: boolean
  user?: string
  logging?: { options: Record<string, string> }
  command?: unknown
  entrypoint?: unknown
  healthcheck?: { test?: unknown; disable?: boolean }
}
interface Compose {
  services: Record<string, Service>
  networks: Record<string, unknown>
  volumes: Record<string, unknown>
  secrets: Record<string, { file: string }>
}

const read = (name: string): Compose => parse(readFileSync(join(FOLDER, name), 'utf8'), { merge: true }) as Compose
const base = read('compose.yml')
const services = Object.entries(base.services)
const example = new Map(
  readFileSync(join(FOLDER, '.env.example'), 'utf8')
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
)
/** With the defaults of the file, as if there was no .env. */
const byDefault = (text: string) => text.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1')

test('docker-compose takes them, with each profile', { skip: needs('docker-compose') }, (t) => {
  const folder = copyOf(t)
  for (const [files, profiles] of [
    [['compose.yml'], ''],
    [['compose.yml'], 'demo,logging'],
    [['compose.yml', 'compose.edge.yml'], 'demo'],
  ] as const) {
    const words = [...files.flatMap((file) => ['-f', file]), 'config', '--quiet']
    const { status, stderr } = spawnSync('docker-compose', words, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, COMPOSE_PROFILES: profiles },
    })
    assert.equal(status, 0, stderr)
  }
  writeFileSync(join(folder, 'wrong.yml'), 'services: { gateway: { image: x, mem_limits: 1g } }\n')
  const { status, stderr } = spawnSync('docker-compose', ['-f', 'wrong.yml', 'config', '--quiet'], {
    cwd: folder,
    encoding: 'utf8',
  })
  assert.deepEqual([status, stderr.includes('mem_limits')], [1, true], `control: a key with a wrong letter; ${stderr}`)
})

test('each image has a version, and each can be named otherwise, as by its digest', () => {
  for (const [name, { image }] of services) {
    assert.match(image, /^\$\{\w+_IMAGE:-[\w./-]+:v?\d+\.\d+\.\d+\}$/, name)
    assert.doesNotMatch(image, /latest/)
  }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  const ours = `localhost/bifrost:${version}`
  assert.deepEqual(
    [byDefault(base.services.gateway!.image), example.get('BIFROST_IMAGE')],
    [ours, ours],
    'ours is this one',
  )
})

test('nobody may do more than needed, and each exception is one of those that have a reason in the file', () => {
  const writable = services.filter(([, { read_only }]) => read_only !== true).map(([name]) => name)
  assert.deepEqual(writable, ['elasticsearch', 'logstash', 'kibana'])
  const added = services
    .filter(([, { cap_add }]) => cap_add !== undefined)
    .map(([name, { cap_add }]) => [name, cap_add])
  assert.deepEqual(added, [
    ['elasticsearch-setup', ['DAC_READ_SEARCH']],
    ['filebeat', ['DAC_READ_SEARCH']],
  ])
  for (const [name, service] of services) {
    assert.deepEqual(service.cap_drop, ['ALL'], name)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    assert.equal(service.privileged, undefined, name)
    for (const volume of service.volumes ?? []) assert.doesNotMatch(volume, /docker\.sock|^\/(?!$)/, name)
  }
})

test('what a service may take is bounded: memory, processor, processes, what it logs', () => {
  for (const [name, service] of services) {
    assert.ok(service.mem_limit !== undefined && service.cpus !== undefined && service.pids_limit !== undefined, name)
    assert.ok(
      service.logging?.options['max-size'] !== undefined && service.logging.options['max-file'] !== undefined,
      name,
    )
  }
})

test('on a little box everything that starts fits into 512 MB', () => {
  const edge = read('compose.edge.yml').services
  const starting = services
    .map(([name, service]) => ({ name, ...service, ...edge[name] }))
    .filter(({ profiles = [] }) => profiles.length === 0)
  assert.deepEqual(starting.map(({ name }) => name), ['gateway', 'mosquitto', 'redis']) // prettier-ignore
  const sum = starting.reduce((total, { mem_limit }) => total + megabytes(mem_limit!), 0)
  assert.ok(sum <= 512, `${sum} MB`)
  assert.ok(megabytes('1g') + megabytes('512m') === 1536, 'control')
})

test('no two ports clash, and each is open on this host alone until somebody says otherwise', () => {
  const ports = services.flatMap(([, service]) => service.ports ?? [])
  const bound = ports.map((port) => /^\$\{BIND_ADDRESS:-127\.0\.0\.1\}:\$\{(\w+_PORT):-(\d+)\}:\d+$/.exec(port))
  assert.ok(
    bound.every((match) => match !== null),
    ports.join(' '),
  )
  assert.equal(new Set(bound.map((match) => match?.[2])).size, ports.length)
  for (const [, name = '', port] of bound.flatMap((match) => (match === null ? [] : [match])))
    assert.equal(example.get(name), port, `${name} in .env.example`)
})

test('a service that is waited for says when it is healthy', () => {
  for (const [name, { depends_on = {} }] of services)
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const awaited = base.services[other]
      assert.ok(awaited !== undefined, `${name} waits for ${other}`)
      if (condition === 'service_healthy')
        assert.ok(awaited.healthcheck?.test !== undefined, `${name} waits for ${other}`)
      // One of a profile that is off would never come.
      assert.ok((awaited.profiles ?? []).every((profile) => base.services[name]!.profiles?.includes(profile)), `${name} → ${other}`) // prettier-ignore
    }
  for (const [name, { healthcheck }] of services)
    assert.ok(healthcheck?.test !== undefined || name === 'elasticsearch-setup', `${name} has a health check`)
})

test('a secret is a file, never a value of the environment', () => {
  const texts = [...services.map(([name, { environment = {} }]) => [name, environment] as const), ['.env.example', Object.fromEntries(example)] as const] // prettier-ignore
  for (const [name, environment] of texts)
    for (const [variable, value] of Object.entries(environment))
      if (/PASS|SECRET|TOKEN|KEY|CREDENTIAL/i.test(variable) && variable !== 'ALERTMANAGER_SECRETS')
        assert.ok(variable.endsWith('_FILE') && value.startsWith('/run/secrets/'), `${name}: ${variable}`)
  for (const [name, { secrets = [] }] of services)
    for (const secret of secrets) assert.ok(base.secrets[secret] !== undefined, `${name}: ${secret}`)
})

/** Simple commands of a service into which a secret is put, and that show it: in the list of processes, or in an environment. */
function shown(name: string, { command, entrypoint, healthcheck }: Service): string[] {
  const texts = [command, entrypoint, healthcheck?.test].flatMap((one) => (Array.isArray(one) ? (one as string[]) : []))
  return texts
    .flatMap((text) => text.split(/;|&&|\|\|?/))
    .map((one) => one.trim())
    .filter((one) => one.includes('$$(cat ') && !one.startsWith('printf '))
    .map((one) => `${name}: ${one.replace(/=.*/, '')}`)
}

test('no command shows a secret, and the two that take one from their environment are said in the guide', () => {
  const found = services.flatMap(([name, service]) => shown(name, service))
  assert.deepEqual(found, ['logstash: export ELASTICSEARCH_API_KEY', 'kibana: export ELASTICSEARCH_PASSWORD'])
  assert.match(readFileSync(join(ROOT, 'docs', 'guide', 'containers.md'), 'utf8'), /Logstash and Kibana\s+get theirs in the environment/) // prettier-ignore
  // Its crippled controls: what stood there before.
  for (const test of [
    'mosquitto_sub -u bifrost -P "$$(cat /run/secrets/mosquitto-password)" -C 1',
    'true; curl -u "elastic:$$(cat /run/secrets/elastic-password)" http://x',
  ])
    // prettier-ignore
    assert.equal(shown('x', { image: 'x', healthcheck: { test: ['CMD-SHELL', test] } }).length, 1, test)
})

test(
  'the health check of the broker tells a good password from another one, and shows none',
  { skip: needs('mosquitto', 'mosquitto_sub', 'mosquitto_passwd') },
  async (t) => {
    const folder = temporaryFolder(t)
    const port = await freePort()
    for (const name of ['acl', 'mosquitto.conf']) cpSync(join(FOLDER, 'mosquitto', name), join(folder, name))
    writeFileSync(join(folder, 'mosquitto-password'), 'a-password_of=the broker\n')
    mkdirSync(join(folder, 'data'))
    if (process.getuid?.() === 0) chmodSync(folder, 0o755)
    /** As in the container, below a folder of the test; as root the broker would become another user. */
    const moved = (text: string) =>
      text.replaceAll('$$', '$').replaceAll(/\/run\/secrets|\/mosquitto\/(?:config|(?=data))|\/tmp\/(?=health|users)/g, (place) => `${folder}${place.endsWith('/') ? '/' : ''}`) // prettier-ignore
    const settings = moved(readFileSync(join(folder, 'mosquitto.conf'), 'utf8')).replace('listener 1883', `listener ${port} 127.0.0.1`) // prettier-ignore
    writeFileSync(join(folder, 'mosquitto.conf'), `${settings}\nuser root\n`)
    const { command, healthcheck } = base.services.mosquitto as Service & { command: string[] }
    startProcess(t, 'sh', ['-c', moved(command[2]!)])
    const check = moved((healthcheck!.test as string[])[1]!)
    const ask = () => spawnSync('sh', ['-c', check.replace('mosquitto_sub ', `mosquitto_sub -p ${port} `)], { encoding: 'utf8' }) // prettier-ignore
    await eventually('the broker is well', () => ask().status === 0)
    assert.equal(statSync(join(folder, 'health', 'mosquitto_sub')).mode & 0o077, 0)
    writeFileSync(join(folder, 'health', 'mosquitto_sub'), '-u bifrost\n-P another\n')
    assert.match(ask().stderr, /not authori[sz]ed/i)
  },
)

test(
  'token.sh: who made the secrets gets a token, anybody else is told what to do, and no token is made in vain',
  { skip: process.getuid?.() === 0 ? false : 'not root' },
  (t) => {
    const [mine, other] = [4711, 4712]
    const run = (script: string, folder: string, uid: number, env: Record<string, string> = {}) =>
      spawnSync('sh', [script], { cwd: folder, encoding: 'utf8', uid, gid: uid, env: { ...process.env, ...env } })
    for (const [who, maker] of [
      ['an engine without root', mine],
      ['root', 0],
    ] as const) {
      const folder = copyOf(t)
      const calls = join(temporaryFolder(t), 'calls')
      writeFileSync(calls, '')
      chmodSync(calls, 0o666)
      for (const path of [calls, folder]) for (let at = join(path, '..'); at.startsWith(tmpdir()) && at !== tmpdir(); at = join(at, '..')) chmodSync(at, 0o755) // prettier-ignore
      const engine = join(folder, 'engine')
      writeFileSync(engine, `#!/bin/sh\necho "$*" >>${calls}\necho the-token\n`)
      chmodSync(engine, 0o755)
      chownSync(folder, maker, maker)
      const env = { COMPOSE: engine }
      const early = run('token.sh', folder, maker, env)
      assert.deepEqual(
        [early.status, early.stderr.includes('./init.sh makes it')],
        [1, true],
        `${who}: ${early.stderr}`,
      )
      assert.equal(run('init.sh', folder, maker).status, 0)
      const refused = run('token.sh', folder, other, env)
      assert.deepEqual([refused.status, refused.stderr.includes('sudo ./token.sh')], [1, true], `${who}: ${refused.stderr}`) // prettier-ignore
      assert.equal(readFileSync(calls, 'utf8'), '', `${who}: no token was made`)
      const file = join(folder, 'secrets', 'bifrost-token')
      const { ino } = statSync(file)
      const done = run('token.sh', folder, maker, env)
      assert.equal(done.status, 0, `${who}: ${done.stderr}`)
      assert.equal(readFileSync(file, 'utf8'), 'the-token\n')
      assert.equal(statSync(file).ino, ino, 'the file that is mounted')
      assert.equal(run('token.sh', folder, maker, env).status, 0)
      assert.equal(readFileSync(calls, 'utf8').trim().split('\n').length, 1, `${who}: one token`)
    }
  },
)

test('each file that is mounted is in the repository or made by init.sh', (t) => {
  const folder = copyOf(t)
  execFileSync('sh', ['init.sh'], { cwd: folder, stdio: 'ignore' })
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => byDefault(volume).split(':')[0]!))
  const files = mounted.filter((source) => source.startsWith('.'))
  assert.ok(files.length > 10)
  for (const source of [...files, ...Object.values(base.secrets).map(({ file }) => byDefault(file))])
    assert.ok(existsSync(join(folder, source)), source)
  for (const source of mounted.filter((source) => !source.startsWith('.'))) assert.ok(source in base.volumes, source)
})

test("nothing but the gateway stands in the plant's network and in another one", () => {
  const both = services.filter(([, { networks = [] }]) => networks.includes('plant') && networks.length > 1)
  assert.deepEqual(both.map(([name]) => name), ['gateway']) // prettier-ignore
  for (const [name, { networks = [] }] of services) {
    assert.ok(networks.length > 0, name)
    for (const network of networks) assert.ok(network in base.networks, network)
  }
})

test('init.sh makes secrets that only their reader may read, and keeps what is there', (t) => {
  const folder = copyOf(t)
  const run = () => execFileSync('sh', ['init.sh'], { cwd: folder, encoding: 'utf8' })
  run()
  const secret = (name: string) => readFileSync(join(folder, 'secrets', name), 'utf8')
  const before = Object.keys(base.secrets).map(secret)
  assert.equal(new Set(before).size, before.length - 1, 'all differ, but for the broker’s copy of the MQTT password')
  assert.equal(secret('mosquitto-password'), secret('mqtt-password'))
  assert.ok(secret('redis-users').includes(`>${secret('redis-password').trim()} `))
  assert.equal(Buffer.from(secret('bifrost-key'), 'base64').length, 32)
  assert.equal(statSync(join(folder, 'secrets')).mode & 0o777, 0o700)
  if (process.getuid?.() === 0) {
    const { uid, mode } = statSync(join(folder, 'secrets', 'admin-password'))
    assert.deepEqual([uid, mode & 0o777], [65532, 0o400])
  }
  assert.doesNotMatch(run(), /made/)
  assert.deepEqual(Object.keys(base.secrets).map(secret), before)
})

test('the configurations of the gateway are good ones, with and without the demo', (t) => {
  const folder = temporaryFolder(t)
  for (const name of ['mqtt-password', 'redis-password']) writeFileSync(join(folder, name), 'secret\n')
  for (const devices of ['gateway/devices', 'demo']) {
    const etc = temporaryFolder(t)
    cpSync(join(FOLDER, 'gateway', 'bifrost.yaml'), join(etc, 'bifrost.yaml'))
    cpSync(join(FOLDER, devices), join(etc, 'devices'), { recursive: true })
    for (const file of ['plant.yaml']) {
      const path = join(etc, 'devices', file)
      // In the image the examples lie elsewhere than in a checkout.
      if (existsSync(path))
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replaceAll('/opt/bifrost/share/examples', join(ROOT, 'examples')),
        )
    }
    const { status, stderr } = spawnSync(process.execPath, ['src/main.ts', 'check', join(etc, 'bifrost.yaml')], {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...process.env, CREDENTIALS_DIRECTORY: folder },
    })
    assert.equal(status, 0, stderr)
  }
})

test('update.sh changes nothing for a tag, a file with another hash, an image that is not there, or while another update runs', (t) => {
  const folder = copyOf(t)
  const tools = temporaryFolder(t)
  // An engine that knows no image; whatever else it is asked to do shows in `asked`.
  writeFileSync(join(tools, 'engine'), `#!/bin/sh\necho "$*" >> ${tools}/asked\nexit 1\n`)
  chmodSync(join(tools, 'engine'), 0o755)
  const file = join(tools, 'image.tar')
  writeFileSync(file, 'not the image')
  const update = (...words: string[]) =>
    spawnSync('sh', ['update.sh', ...words], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, ENGINE: join(tools, 'engine'), COMPOSE: join(tools, 'engine') },
    })
  const cases: [number, RegExp, string[]][] = [
    [2, /usage/, []],
    [2, /by its digest/, ['registry.example/bifrost:1.2.0']],
    [2, /wants --sha256/, ['--load', file, 'localhost/bifrost:1.2.0']],
    [
      3,
      /has SHA-256 [0-9a-f]{64}, not 00; nothing was changed/,
      ['--load', file, '--sha256', '00', 'localhost/bifrost:1.2.0'],
    ],
    [3, /cannot be had; nothing was changed/, [`registry.example/bifrost@sha256:${'0'.repeat(64)}`]],
  ]
  for (const [code, pattern, words] of cases) {
    const { status, stderr } = update(...words)
    assert.equal(status, code, stderr)
    assert.match(stderr, pattern)
    assert.ok(!existsSync(join(folder, '.updating')), 'the lock is gone')
  }
  assert.equal(readFileSync(join(folder, '.env'), 'utf8'), readFileSync(join(folder, '.env.example'), 'utf8'))
  assert.doesNotMatch(readFileSync(join(tools, 'asked'), 'utf8'), /\bup\b|\bstop\b|\brun\b/)
  mkdirSync(join(folder, '.updating'))
  assert.match(update(`registry.example/bifrost@sha256:${'0'.repeat(64)}`).stderr, /another update runs/)
})

/** deploy/compose and what it mounts, with a .env. */
function copyOf(t: TestContext): string {
  const folder = temporaryFolder(t)
  for (const part of ['compose', 'monitoring'])
    cpSync(join(ROOT, 'deploy', part), join(folder, part), {
      recursive: true,
      filter: (path) => !path.endsWith('/compose/secrets') && !path.endsWith('/.env'),
    })
  cpSync(join(folder, 'compose', '.env.example'), join(folder, 'compose', '.env'))
  return join(folder, 'compose')
}

function megabytes(text: string): number {
  const match = /^(\d+)([mg])$/.exec(byDefault(text))!
  return Number(match[1]) * (match[2] === 'g' ? 1024 : 1)
}
