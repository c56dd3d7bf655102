/**
 * The scripts and settings of the Redis component, as they are in its ConfigMap, run by Debian's redis-server, which is its Sentinel too: three of each on addresses of
 * 127.0.0.0/8, known to each other by the names that the pods have. Of the files only the folders are others. TLS, passwords from a file, a master that is
 * killed, one that comes back, one that hands over, and a start of all of them together.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { eventually, needs, startProcess, temporaryFolder, type RunningProcess } from '../../src/testing/peers.ts'
import { testAuthority } from './authority.ts'
import { TREE } from './manifests.ts'

const run = promisify(execFile)
const DOMAIN = 'redis-headless.bifrost.svc.cluster.local'
const PEERS = ['redis-0', 'redis-1', 'redis-2'] as const
type Peer = (typeof PEERS)[number]
// Of this run alone, so that two of them do not meet.
const NETWORK = `127.77.${process.pid % 250}`
const IPS: Readonly<Record<Peer, string>> = { 'redis-0': `${NETWORK}.10`, 'redis-1': `${NETWORK}.11`, 'redis-2': `${NETWORK}.12` } // prettier-ignore
const PASSWORD = 'f3b1c9aa51'

const missing = needs('redis-server', 'redis-cli', 'unshare', 'openssl')
const skip = missing === false && process.getuid?.() !== 0 ? 'needs root, for names of its own' : missing

async function plant(t: TestContext) {
  const root = temporaryFolder(t)
  const { ca, issue } = testAuthority(root)
  const { cert, key } = issue('redis', PEERS.map((peer) => `DNS:${peer}.${DOMAIN}`)) // prettier-ignore
  const hosts = join(root, 'hosts')
  writeFileSync(hosts, PEERS.map((peer) => `${IPS[peer]} ${peer}.${DOMAIN}\n`).join(''))
  const running = new Map<string, RunningProcess>()
  for (const peer of PEERS) {
    const own = join(root, peer)
    cpSync(join(TREE, 'components', 'redis', 'config'), join(own, 'etc-redis'), { recursive: true })
    for (const name of readdirSync(join(own, 'etc-redis'))) {
      const file = join(own, 'etc-redis', name)
      const text = readFileSync(file, 'utf8')
      writeFileSync(file, text.replaceAll('/etc/redis', `${own}/etc-redis`).replaceAll(/(?<=[ "])\/data\//g, `${own}/data/`).replaceAll(/>\/data\//g, `>${own}/data/`).replaceAll('=/data/', `=${own}/data/`)) // prettier-ignore
    }
    mkdirSync(join(own, 'etc-redis-tls'))
    mkdirSync(join(own, 'etc-redis-auth'))
    for (const [name, from] of [
      ['tls.crt', cert],
      ['tls.key', key],
      ['ca.crt', ca],
    ] as const)
      // prettier-ignore
      cpSync(from, join(own, 'etc-redis-tls', name))
    writeFileSync(join(own, 'etc-redis-auth', 'password'), PASSWORD)
  }
  const env = (peer: Peer) => ({
    POD_NAME: peer,
    POD_IP: IPS[peer],
    REDIS_DOMAIN: DOMAIN,
    REDIS_PEERS: PEERS.join(' '),
  })
  const named = (peer: Peer, script: string, ...args: string[]) => ['--mount', 'sh', '-c', `mount --bind ${hosts} /etc/hosts && exec sh ${join(root, peer, 'etc-redis', script)} ${args.join(' ')}`] // prettier-ignore
  const start = (peer: Peer, what: 'redis' | 'sentinel') => {
    running.set(`${peer} ${what}`, startProcess(t, 'unshare', named(peer, `start-${what}.sh`), { env: env(peer) }))
  }
  const script = (peer: Peer, name: string, ...args: string[]) =>
    run('unshare', named(peer, name, ...args), { env: { ...process.env, ...env(peer) } }).then(
      () => 0,
      (error: { code: number }) => error.code,
    )
  const cli = async (peer: Peer, port: 6379 | 26379, ...words: string[]): Promise<string> => {
    const args = ['-h', IPS[peer], '-p', `${port}`, '--tls', '--cacert', ca, '--sni', `${peer}.${DOMAIN}`, ...words]
    return (await run('redis-cli', args, { env: { ...process.env, REDISCLI_AUTH: PASSWORD } })).stdout.trim()
  }
  const role = async (peer: Peer): Promise<string | undefined> =>
    /role:(\w+)/.exec(await cli(peer, 6379, 'info', 'replication').catch(() => ''))?.[1]
  const master = async (): Promise<string> => (await cli('redis-2', 26379, 'sentinel', 'get-master-addr-by-name', 'bifrost').catch(() => '')).split('\n')[0]! // prettier-ignore
  const replicas = async (peer: Peer): Promise<number> => {
    const text = await cli(peer, 6379, 'info', 'replication').catch(() => '')
    return [...text.matchAll(/state=online/g)].length
  }
  const output = () => [...running].map(([name, one]) => `--- ${name}\n${one.output().slice(-800)}`).join('\n')
  const startAll = () => PEERS.forEach((peer) => (start(peer, 'redis'), start(peer, 'sentinel')))
  const stopAll = async () => {
    await Promise.all([...running.values()].map((one) => one.stop()))
  }
  return { root, ca, start, startAll, stopAll, script, cli, role, master, replicas, running, output }
}

test(
  'three Redis and three Sentinels of the manifest: TLS, a password, and a master that may go',
  { skip },
  async (t) => {
    const { ca, start, startAll, stopAll, script, cli, role, master, replicas, running, output } = await plant(t)
    startAll()
    await eventually(() => `two replicas follow redis-0\n${output()}`, async () => (await replicas('redis-0')) === 2, 40_000) // prettier-ignore
    await eventually(
      () => `the sentinels know each other, and the replicas\n${output()}`,
      async () => {
        const ask = (peer: Peer) => cli(peer, 26379, 'sentinel', 'master', 'bifrost').catch(() => '')
        const known = await Promise.all(PEERS.map(ask))
        return known.every((one) => one.includes('num-other-sentinels\n2') && one.includes('num-slaves\n2'))
      },
      40_000,
    )
    assert.equal(await master(), `redis-0.${DOMAIN}`)
    assert.deepEqual(await Promise.all(PEERS.map((peer) => script(peer, 'check.sh', 'ready'))), [0, 0, 0])
    assert.equal(await cli('redis-0', 6379, 'set', 'kept', 'yes'), 'OK')
    assert.equal(await cli('redis-0', 6379, 'wait', '2', '5000'), '2')
    assert.equal(await cli('redis-0', 6379, 'config', 'get', 'maxmemory-policy'), 'maxmemory-policy\nnoeviction')

    // Nobody without the password, nobody in the open.
    const without = await run('redis-cli', ['-h', IPS['redis-0'], '-p', '6379', '--tls', '--cacert', ca, 'get', 'kept'])
    assert.match(without.stdout, /NOAUTH/)
    const open = await run('redis-cli', ['-h', IPS['redis-0'], '-p', '6379', 'ping']).then(({ stdout }) => stdout, (error: { stderr: string }) => error.stderr) // prettier-ignore
    assert.doesNotMatch(open, /PONG/)
    const sentinel = await run('redis-cli', ['-h', IPS['redis-1'], '-p', '26379', '--tls', '--cacert', ca, 'ping'])
    assert.match(sentinel.stdout, /NOAUTH/)

    // The master is killed with its sentinel, as with its node.
    const killedAt = Date.now()
    for (const what of ['redis', 'sentinel']) running.get(`redis-0 ${what}`)!.child.kill('SIGKILL')
    await eventually(() => `another one is master\n${output()}`, async () => ['redis-1', 'redis-2'].includes((await master()).split('.')[0]!), 40_000) // prettier-ignore
    const second = (await master()).split('.')[0] as Peer
    await eventually('it takes writes', async () => (await cli(second, 6379, 'set', 'since', 'then').catch(() => '')) === 'OK', 40_000) // prettier-ignore
    t.diagnostic(`killed master: another one took writes after ${((Date.now() - killedAt) / 1000).toFixed(1)} s`)
    assert.equal(await cli(second, 6379, 'get', 'kept'), 'yes')

    // It comes back as a replica, and not as the master that it was.
    start('redis-0', 'redis')
    start('redis-0', 'sentinel')
    await eventually(() => `redis-0 follows\n${output()}`, async () => (await role('redis-0')) === 'slave' && (await script('redis-0', 'check.sh', 'ready')) === 0, 40_000) // prettier-ignore
    assert.equal(await cli('redis-0', 6379, 'get', 'since'), 'then')

    // A pod that is asked to go hands over first.
    await eventually('two follow', async () => (await replicas(second)) === 2, 40_000)
    assert.equal(await script(second, 'hand-over.sh'), 0)
    await eventually(
      () => `it handed over\n${output()}`,
      async () => (await role(second)) === 'slave',
      20_000,
    )
    const third = (await master()).split('.')[0] as Peer
    assert.notEqual(third, second)
    await eventually('all follow the third', async () => (await replicas(third)) === 2, 40_000)

    // All at once, as after a power cut: who was master last is so again, and nothing is gone.
    await stopAll()
    startAll()
    await eventually(
      () => `two follow ${third} again\n${output()}`,
      async () => (await replicas(third)) === 2,
      60_000,
    )
    assert.equal(await master(), `${third}.${DOMAIN}`)
    assert.equal(await cli(third, 6379, 'get', 'since'), 'then')
  },
)

test('what is not alive, or not ready, is said by its exit code', { skip }, async (t) => {
  const { start, script, running } = await plant(t)
  assert.notEqual(await script('redis-1', 'check.sh', 'alive', '6379'), 0)
  // A replica whose master is not there answers, and is not ready.
  start('redis-1', 'redis')
  await eventually('it answers', async () => (await script('redis-1', 'check.sh', 'alive', '6379')) === 0)
  assert.notEqual(await script('redis-1', 'check.sh', 'ready'), 0)
  await running.get('redis-1 redis')!.stop()
})
