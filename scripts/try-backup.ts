/**
 * The long proof of backups, by hand: `bin/launch scripts/try-backup.ts [--bytes 1e9] [--minutes 3]`. Two regions over TLS (s3rver of npm, each with
 * a certificate of its own authority), a gateway under load, a backup every few seconds; then the machine is lost. Needs restic, age,
 * openssl, and npm's registry for s3rver, which is no dependency of ours. Prints the table that stands in docs/design/backup-drill.md.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs' // prettier-ignore
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SampleBatch } from '../src/core/batch.ts'
import { systemClock } from '../src/core/clock.ts'
import { silentLog } from '../src/core/log.ts'
import { Status } from '../src/core/status.ts'
import { openStore } from '../src/store/store.ts'
import { freePort } from '../src/testing/peers.ts'

const { values } = parseArgs({ options: { bytes: { type: 'string', default: '1e9' }, minutes: { type: 'string', default: '2' } } }) // prettier-ignore
const BIFROST = join(import.meta.dirname, '..', 'bin', 'bifrost')
const PERIOD_MS = 10
/** Of deploy/backup/bifrost-backup.timer. */
const PAUSE_S = 30
const SECRET = 'planted-secret-of-the-plant'
const root = mkdtempSync(join(tmpdir(), 'bifrost-try-backup-'))
const at = (...names: string[]): string => join(root, ...names)
const children: ChildProcess[] = []
const lines: string[] = []
const say = (line: string): void => {
  console.error(`${new Date().toISOString().slice(11, 19)} ${line}`)
}
const row = (what: string, found: string): void => {
  say(`${what}: ${found}`)
  lines.push(`| ${what} | ${found} |`)
}

/** A process with its CPU seconds and its largest resident size, by /usr/bin/time of the shell's own times. */
function measured(args: readonly string[]): { code: number; out: string; err: string; wall: number; cpu: number } {
  const began = performance.now()
  const script = '"$@"; code=$?; times >&3; exit $code'
  const file = at('times')
  const fd = openSync(file, 'w')
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...args], { stdio: ['ignore', 'pipe', 'pipe', fd], encoding: 'utf8', maxBuffer: 2 ** 28 }) // prettier-ignore
  closeSync(fd)
  const [, ofChildren = ''] = readFileSync(file, 'utf8').trim().split('\n')
  const cpu = [...ofChildren.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, m, s]) => sum + Number(m) * 60 + Number(s),
    0,
  )
  return { code: status ?? -1, out: stdout, err: stderr, wall: (performance.now() - began) / 1000, cpu }
}

/** What of the answer of `create --json` is looked at. */
interface Made {
  readonly stageSeconds: number
  readonly manifest: { readonly log: { readonly endSeq: number } }
  readonly repositories: readonly {
    readonly seconds: number
    readonly added: number
    readonly how: string
    readonly error?: string
  }[]
}

const backup = (...args: string[]) => measured([BIFROST, 'backup', ...args, '-c', at('keys/backup.yaml')])
function must(ran: ReturnType<typeof measured>): typeof ran {
  assert.equal(ran.code, 0, ran.err)
  return ran
}

try {
  await main()
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
}

async function main(): Promise<void> {
  mkdirSync(at('keys'))
  const regions = [await startRegion('region-1'), await startRegion('region-2')]
  writeSettings(regions)
  await fill(Number(values.bytes))
  const port = await freePort()
  writePlant(port)
  const gateway = await startGateway(port)
  row('the log before the first backup', sizeOf(at('plant/data/log'), at('plant/data/trends')))
  const first = must(backup('create', '--init', '--json'))
  const made = JSON.parse(first.out)
  row('first backup, both regions', `${first.wall.toFixed(1)} s, ${first.cpu.toFixed(1)} s of CPU (region-1 ${made.repositories[0].seconds.toFixed(1)} s, region-2 ${made.repositories[1].seconds.toFixed(1)} s)`) // prettier-ignore

  const runs: (ReturnType<typeof backup> & { readonly made: Made })[] = []
  const end = Date.now() + Number(values.minutes) * 60_000
  let pointInTime = 0
  while (Date.now() < end) {
    const began = Date.now()
    if (pointInTime === 0 && runs.length === 2) pointInTime = began
    const run = must(backup('create', '--json'))
    runs.push({ ...run, made: JSON.parse(run.out) })
    await pause(Math.max(0, 15_000 - (Date.now() - began)))
  }
  const middle = (of: (run: (typeof runs)[number]) => number): number => runs.map(of).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)]! // prettier-ignore
  const most = (of: (run: (typeof runs)[number]) => number): number => Math.max(...runs.map(of))
  row(`${runs.length} more backups, one every 15 s, wall`, `median ${middle((r) => r.wall).toFixed(1)} s, most ${most((r) => r.wall).toFixed(1)} s (snapshot ${middle((r) => r.made.stageSeconds).toFixed(1)} s, region-1 ${middle((r) => r.made.repositories[0]!.seconds).toFixed(1)} s, region-2 ${middle((r) => r.made.repositories[1]!.seconds).toFixed(1)} s)`) // prettier-ignore
  row('CPU of one, Node and restic together', `median ${middle((r) => r.cpu).toFixed(1)} s`)
  row('new data of one', `median ${(middle((r) => r.made.repositories[0]!.added) / 1e6).toFixed(2)} MB, most ${(most((r) => r.made.repositories[0]!.added) / 1e6).toFixed(2)} MB`) // prettier-ignore
  // It came just after a backup had looked: the rest of that one, the pause of the timer, and the next one as far as this region.
  const lag = (index: number): number =>
    PAUSE_S + most((r) => r.wall) + most((r) => r.made.stageSeconds) + most((r) => sumOf(r.made.repositories.slice(0, index + 1).map((one) => one.seconds))) // prettier-ignore
  row(`a sample is in region-1, region-2 at the latest (worst of each step, and the ${PAUSE_S} s of the timer)`, `${lag(0).toFixed(0)} s, ${lag(1).toFixed(0)} s after it came`) // prettier-ignore

  // The machine is lost.
  const info = (await (await fetch(`http://127.0.0.1:${port}/api/v1/log`)).json()) as { durableSeq: number }
  gateway.kill('SIGKILL')
  const covered = runs.at(-1)!.made.manifest.log
  row('samples that came after the last backup, and are lost', `${info.durableSeq - covered.endSeq}`)
  const planted = ['region-1', 'region-2'].flatMap((name) => grep(at(name)))
  assert.deepEqual(planted, [])
  row('planted secrets found in both regions', '0')

  const drill = must(backup('drill', '--identity', at('keys/key.txt'), '--repository', 'region-2', '--json'))
  const report = JSON.parse(drill.out)
  const gb = report.bytes / 1e9
  row('drill out of region-2', `${report.checks.filter((one: { ok: boolean }) => one.ok).length} of ${report.checks.length} checks good; ${gb.toFixed(2)} GB restored in ${report.restoreSeconds.toFixed(1)} s (**${(report.restoreSeconds / gb).toFixed(0)} s per GB**), a gateway answers ${report.startSeconds.toFixed(1)} s later; ${drill.cpu.toFixed(0)} s of CPU`) // prettier-ignore
  for (const { what, found } of report.checks) say(`  ${what}: ${found}`)

  // To the record.
  const seq = covered.endSeq - 1234
  const cut = must(backup('restore', '--identity', at('keys/key.txt'), '--to-seq', `${seq}`, '--into', at('cut')))
  const found = await read(at('cut/data'), covered.endSeq - 20_000)
  assert.equal(found.last, seq)
  row(`restored to number ${seq}`, `ends at ${found.last}; ${found.checked} counters of the simulator are those of their times, 0 wrong; ${cut.wall.toFixed(1)} s`) // prettier-ignore
  rmSync(at('cut'), { recursive: true })
  must(
    backup(
      'restore',
      '--identity',
      at('keys/key.txt'),
      '--to',
      new Date(pointInTime).toISOString(),
      '--into',
      at('time'),
    ),
  )
  const timed = await read(at('time/data'), 0)
  const original = await read(at('plant/data'), 0, pointInTime)
  assert.equal(timed.last, original.lastBy)
  row(`restored to ${new Date(pointInTime).toISOString()}`, `ends at ${timed.last}, the last sample of the lost log that had come by then: ${original.lastBy}`) // prettier-ignore
  rmSync(at('time'), { recursive: true })

  // One bit of one pack.
  must(backup('verify'))
  const flipped = flip(at('region-1'))
  const verdict = backup('verify')
  assert.equal(verdict.code, 5, verdict.out + verdict.err)
  assert.match(verdict.out, /region-2: whole/)
  row('one bit of region-1 flipped', `\`verify\` ends with 5: “${/.*damaged.*/.exec(verdict.err)?.[0].replace('bifrost: ', '').slice(0, 160)}”; region-2 is whole (file of ${flipped} bytes)`) // prettier-ignore
  const broken = backup('restore', '--identity', at('keys/key.txt'), '--into', at('broken'))
  row('a restore out of the damaged region', broken.code === 0 ? 'did not need that pack, and was checked byte for byte' : `refused: “${broken.err.split('\n').find((line) => line.startsWith('bifrost:'))?.slice(9, 150)}”`) // prettier-ignore

  // A region that is away keeps nobody from the other.
  regions[0]!.child.kill('SIGKILL')
  const alone = backup('create', '--json')
  const [one, two] = JSON.parse(alone.out).repositories
  assert.ok(alone.code === 1 && one.error !== undefined && two.error === undefined, alone.out)
  row('region-1 away', `exit 1; region-2 gets the snapshot itself (${two.how}) in ${two.seconds.toFixed(1)} s`)
  print()
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0)
}

function print(): void {
  const version = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' }).split('\n')[0]! // prettier-ignore
  console.log(`Run of ${new Date().toISOString().slice(0, 10)}: ${version('restic', 'version')}; age ${version('age', '--version')}; s3rver 3.7.1 over TLS; Node ${process.version}; ${cpus().length} cores, shared with other work (load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}).\n`) // prettier-ignore
  console.log(['| what | found |', '| ---- | ----- |', ...lines].join('\n'))
}

interface Region {
  readonly name: string
  readonly port: number
  readonly child: ChildProcess
}

/** An S3 server with a certificate of an authority of its own. */
async function startRegion(name: string): Promise<Region> {
  if (!existsSync(at('s3'))) {
    mkdirSync(at('s3'))
    execFileSync('npm', ['install', '--prefix', at('s3'), '--ignore-scripts', '--no-audit', '--no-fund', 's3rver@3.7.1'], { stdio: 'ignore' }) // prettier-ignore
  }
  const key = (file: string): string => at('keys', `${name}-${file}`)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' })
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name} authority`, '-keyout', key('ca.key'), '-out', key('ca.pem')) // prettier-ignore
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost', '-keyout', key('server.key'), '-out', key('server.csr')) // prettier-ignore
  writeFileSync(key('ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  openssl('x509', '-req', '-in', key('server.csr'), '-CA', key('ca.pem'), '-CAkey', key('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', key('ext'), '-out', key('server.pem')) // prettier-ignore
  const port = await freePort()
  const program = `const S3rver = require('s3rver'); const fs = require('fs')
    new S3rver({ address: '127.0.0.1', port: ${port}, silent: true, directory: ${JSON.stringify(at(name))}, vhostBuckets: false, key: fs.readFileSync(${JSON.stringify(key('server.key'))}), cert: fs.readFileSync(${JSON.stringify(key('server.pem'))}), configureBuckets: [{ name: 'plant' }] }).run().then(() => console.log('ready'))`
  const child = spawn(process.execPath, ['-e', program], { cwd: at('s3'), stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  await new Promise((done) => child.stdout.once('data', done))
  writeFileSync(key('password'), randomBytes(24).toString('hex'))
  writeFileSync(key('env'), 'AWS_ACCESS_KEY_ID=S3RVER\nAWS_SECRET_ACCESS_KEY=S3RVER\n')
  return { name, port, child }
}

function writeSettings(regions: readonly Region[]): void {
  const made = spawnSync('age-keygen', ['-o', at('keys/key.txt')], { encoding: 'utf8' })
  writeFileSync(at('keys/recipients.txt'), /age1\S+/.exec(made.stderr)![0])
  const repositories = regions.map(({ name, port }) => `  - { name: ${name}, url: 's3:https://localhost:${port}/plant', passwordFile: ${name}-password, caFile: ${name}-ca.pem, environmentFile: ${name}-env }`) // prettier-ignore
  writeFileSync(at('keys/backup.yaml'), `version: 1\nname: plant\nconfig: ${at('plant/bifrost.yaml')}\ndata: ${at('plant/data')}\nrecipients: recipients.txt\ngateway: { url: 'http://127.0.0.1:PORT' }\nrepositories:\n${repositories.join('\n')}\n`) // prettier-ignore
}

function writePlant(port: number): void {
  const tags = Array.from({ length: 500 }, (_, n) => `count-${n},counter:period=${PERIOD_MS}ms,float64`)
  writeFileSync(at('plant/counts.csv'), `name,address,type\n${tags.join('\n')}\n`)
  writeFileSync(at('plant/bifrost.yaml'), `version: 1\ndata: ./data\nhttp: { listen: '127.0.0.1:${port}', access: open }\ndevices:\n  - { name: sim, driver: simulated, every: 100ms, tags: counts.csv }\nsinks:\n  - { name: away, sink: mqtt, options: { url: 'mqtt://127.0.0.1:1', username: bob, password: ${SECRET} } }\n`) // prettier-ignore
  writeFileSync(at('keys/backup.yaml'), readFileSync(at('keys/backup.yaml'), 'utf8').replace('PORT', `${port}`))
}

async function startGateway(port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../src/main.ts'), 'run', '-c', at('plant/bifrost.yaml')], { stdio: 'ignore' }) // prettier-ignore
  children.push(child)
  for (let tries = 0; tries < 300; tries++) {
    await pause(200)
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/log`).catch(() => undefined)
    if (answer?.ok === true) return child
  }
  throw new Error('the gateway did not start')
}

/** A log of about so many bytes: a quarter numbers (which are trended too), the rest long values that nothing makes smaller. */
async function fill(bytes: number): Promise<void> {
  mkdirSync(at('plant'))
  const store = await openStore({ dir: at('plant/data'), clock: systemClock, log: silentLog, retention: { maxBytes: 1e12 } }) // prettier-ignore
  const settings = { address: '', everyMs: 1000, clamp: false, writable: false }
  const [number, text] = await store.defineTags([{ device: 'old', settings: { ...settings, name: 'number', type: 'float64' } }, { device: 'old', settings: { ...settings, name: 'bytes', type: 'bytes' } }]) // prettier-ignore
  while (store.info().bytes < bytes * 0.85) {
    const batch = new SampleBatch(20_500, Date.now())
    for (let n = 0; n < 20_000; n++) batch.push(number!, Math.random(), Status.Good, Date.now())
    for (let n = 0; n < 500; n++) batch.push(text!, randomBytes(1200), Status.Good, Date.now())
    store.append(batch)
    await store.flush()
  }
  await store.close()
}

/** How far a log goes; counters after `from` are held against their times. */
async function read(
  data: string,
  from: number,
  by = Infinity,
): Promise<{ last: number; lastBy: number; checked: number }> {
  const store = await openStore({ dir: data, clock: systemClock, log: silentLog, retention: { maxBytes: 1e12 } })
  const found = { last: 0, lastBy: 0, checked: 0 }
  for await (const rows of store.readAfter(from)) {
    if (!(rows instanceof SampleBatch)) continue
    for (let n = 0; n < rows.length; n++) {
      const seq: number = rows.seq![n]!
      const time: number = rows.time[n]!
      found.last = Math.max(found.last, seq)
      if (time <= by) found.lastBy = Math.max(found.lastBy, seq)
      if (rows.tag[n]! <= 2 || rows.status[n] !== 0) continue
      assert.equal(rows.value[n], Math.floor(time / PERIOD_MS) % 2 ** 31)
      found.checked++
    }
  }
  await store.close()
  return found
}

function flip(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name)) // prettier-ignore
  const packs = files.filter((file) => file.includes('/data') && statSync(file).size > 1e6)
  const file = packs[Math.floor(packs.length / 2)]!
  const fd = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  const where = Math.floor(statSync(file).size / 3)
  readSync(fd, byte, 0, 1, where)
  writeSync(fd, Buffer.from([byte[0]! ^ 4]), 0, 1, where)
  closeSync(fd)
  return statSync(file).size
}

function grep(folder: string): string[] {
  const found = spawnSync('grep', ['-rl', '-e', SECRET, '-e', 'AGE-SECRET', folder], { encoding: 'utf8' })
  return found.stdout.split('\n').filter(Boolean)
}

function sizeOf(...folders: string[]): string {
  const sizes = folders.map((folder) => readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)) // prettier-ignore
  return `${(sizes[0]! / 1e9).toFixed(2)} GB in ${readdirSync(folders[0]!).length} segments, ${(sizes[1]! / 1e6).toFixed(0)} MB of trends` // prettier-ignore
}
