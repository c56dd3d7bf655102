/**
 * Kafka brokers that nobody here wrote: librdkafka's mock cluster, compiled on the spot, and kcat to read what arrived. It keeps what is
 * produced while its brokers are down.
 */
import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { peer } from './modbus-strangers.ts'
import { needs, startProcess, temporaryFolder, type Cleanup } from './peers.ts'

const run = promisify(execFile)

/** `skip` of a test that needs the cluster. */
export function needsKafka(): string | false {
  const missing = needs('kcat', 'gcc', 'pkg-config')
  if (missing !== false || process.env.BIFROST_REQUIRE_PEERS === '1') return missing
  return spawnSync('pkg-config', ['--exists', 'rdkafka']).status === 0
    ? false
    : 'not installed: librdkafka-dev (Debian)'
}

/** A record as kcat's JSON has it; headers by name. */
export interface KafkaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** ms since 1970. */
  readonly ts: number
  readonly key: string
  readonly payload: string
  readonly headers: Readonly<Record<string, string>>
}

export interface KafkaCluster {
  /** `127.0.0.1:40195` of each broker. */
  readonly addresses: readonly string[]
  /** Gives a command of `test/peers/kafka-mock-cluster.c`. */
  say(command: string): Promise<void>
  /** All brokers down, and up again. */
  stop(): Promise<void>
  start(): Promise<void>
  /** It stands still: connections stay and nothing is answered. */
  pause(isPaused: boolean): void
  /** Everything in a topic from the beginning, in order of arrival within each partition; the list grows. */
  consume(topic: string): readonly KafkaRecord[]
  /** The values of the first records of a topic of one partition, as bytes. */
  values(topic: string, count: number): Promise<readonly Buffer[]>
}

/** Starts a cluster with these topics (name to partitions); it ends with the test. */
export async function startKafkaCluster(
  t: Cleanup,
  topics: Readonly<Record<string, number>>,
  brokers = 1,
): Promise<KafkaCluster> {
  const program = join(temporaryFolder(t), 'kafka-mock-cluster')
  const { stdout } = await run('pkg-config', ['--cflags', '--libs', 'rdkafka'])
  await run('gcc', ['-O1', '-Wall', '-o', program, peer('kafka-mock-cluster.c'), ...stdout.trim().split(/\s+/)])
  const mock = startProcess(t, program, [String(brokers)])
  const [, list] = await mock.waitFor(/^ready (\S+)$/m)
  const addresses = list!.split(',')
  let said = 0
  const say = async (command: string) => {
    const number = ++said
    mock.child.stdin!.write(`${command} #${number}\n`)
    const [, verdict] = await mock.waitFor(new RegExp(`^(ok|failed) .* #${number}$`, 'm'))
    if (verdict === 'failed') throw new Error(`the mock cluster does not do "${command}"`)
  }
  const all = async (command: string) => {
    for (let broker = 1; broker <= brokers; broker++) await say(`${command} ${broker}`)
  }
  for (const [topic, partitions] of Object.entries(topics)) await say(`create ${topic} ${partitions}`)
  return {
    addresses,
    say,
    stop: () => all('down'),
    start: () => all('up'),
    pause: (isPaused) => void mock.child.kill(isPaused ? 'SIGSTOP' : 'SIGCONT'),
    consume: (topic) => consume(t, list!, topic),
    values: (topic, count) => values(list!, topic, count),
  }
}

/** A kcat that reads a topic for as long as the test lasts. */
function consume(t: Cleanup, brokers: string, topic: string): readonly KafkaRecord[] {
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-J', '-u', '-E', '-q']
  const waits = [
    'fetch.wait.max.ms=20',
    'reconnect.backoff.ms=20',
    'reconnect.backoff.max.ms=100',
    'topic.metadata.refresh.interval.ms=200',
  ]
  const reader = startProcess(t, 'kcat', [...args, ...waits.flatMap((setting) => ['-X', setting])])
  const records: KafkaRecord[] = []
  let rest = ''
  reader.child.stdout!.setEncoding('utf8')
  reader.child.stdout!.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line.startsWith('{')) records.push(recordOf(line))
  })
  return records
}

async function values(brokers: string, topic: string, count: number): Promise<readonly Buffer[]> {
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-c', String(count), '-q', '-f', '%R%s']
  const { stdout } = await run('kcat', args, { encoding: 'buffer' })
  const found: Buffer[] = []
  for (let at = 0; at < stdout.length;) {
    const end = at + 4 + stdout.readInt32BE(at)
    found.push(stdout.subarray(at + 4, end))
    at = end
  }
  return found
}

function recordOf(line: string): KafkaRecord {
  const record = JSON.parse(line) as Omit<KafkaRecord, 'headers'> & { headers?: readonly string[] }
  const headers: Record<string, string> = {}
  const pairs = record.headers ?? []
  for (let at = 0; at + 1 < pairs.length; at += 2) headers[pairs[at]!] = pairs[at + 1]!
  return { ...record, headers }
}
