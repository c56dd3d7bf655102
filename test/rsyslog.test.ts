/**
 * The rsyslog configuration that is shipped, run by Debian's rsyslogd: lines of a gateway's log arrive whole in a file and at a stand-in for
 * the bulk API of Elasticsearch, each in the data stream of its kind. Only places and ports are another.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createLogger } from '../src/observe/log.ts'
import { startReceiver, type Received } from '../src/testing/http-receiver.ts'
import { eventually, needs, needsFile, startProcess, temporaryFolder } from '../src/testing/peers.ts'

const SHIPPED = join(import.meta.dirname, '..', 'deploy', 'monitoring', 'logging', 'rsyslog', 'bifrost.conf')
const skip = needs('rsyslogd') || needsFile('/usr/lib/x86_64-linux-gnu/rsyslog/omelasticsearch.so')

function rsyslogFiles(t: TestContext, port: number) {
  const folder = temporaryFolder(t)
  const work = join(folder, 'work')
  mkdirSync(work)
  const shipped = readFileSync(SHIPPED, 'utf8')
    .replaceAll('/var/log/bifrost', folder)
    .replaceAll('/var/lib/bifrost/logs', folder)
    .replaceAll('serverport="9200"', `serverport="${port}"`)
    .replaceAll('action.resumeInterval="5"', 'action.resumeInterval="1"')
  const conf = join(folder, 'rsyslog.conf')
  writeFileSync(conf, `global(workDirectory="${work}" maxMessageSize="64k")\n${shipped}`)
  return { folder, conf }
}

/** Pairs of a bulk request: the index, and the line byte for byte. */
function bulkOf(requests: readonly Received[]): { index: string; line: string }[] {
  return requests
    .filter(({ path }) => path.includes('_bulk'))
    .flatMap(({ text }) => {
      const rows = text.split('\n').filter((row) => row !== '')
      return rows.flatMap((row, at) => {
        if (at % 2 === 1) return []
        const [operation] = Object.values(JSON.parse(row) as Record<string, { _index: string }>)
        return [{ index: operation!._index, line: rows[at + 1]! }]
      })
    })
}

function linesOf(dataset: string, count: number): string[] {
  const lines: string[] = []
  const log = createLogger({ level: 'info', format: 'json', dataset, destination: { write: (line: string) => void lines.push(line) } }) // prettier-ignore
  for (let n = 0; n < count; n++)
    log.warn(
      { component: 'test', n, error: new Error('größer "than" %msg% \\ 100 %\nsecond line') },
      `Line ${n}: ü€\u001b "quoted" %n`,
    )
  return lines
}

test(
  'the shipped configuration is valid, and lines arrive whole in file and bulk API',
  { skip, timeout: 60_000 },
  async (t) => {
    const answer = { status: 200, body: { took: 1, errors: false, items: [] } }
    const receiver = await startReceiver(t, () => answer)
    const { folder, conf } = rsyslogFiles(t, receiver.port)
    execFileSync('rsyslogd', ['-N1', '-f', conf], { stdio: 'pipe' })
    const log = linesOf('bifrost.log', 200)
    const audit = linesOf('bifrost.audit', 50)
    writeFileSync(join(folder, 'log.ndjson'), `Set it up, once, at http://…\n${log.slice(0, 100).join('')}`)
    writeFileSync(join(folder, 'audit.ndjson'), audit.join(''))
    writeFileSync(join(folder, 'access.ndjson'), '')
    const rsyslogd = startProcess(t, 'rsyslogd', ['-n', '-f', conf, '-i', join(folder, 'pid')])
    const all = join(folder, 'all.ndjson')
    await eventually(
      () => `the first arrive: ${rsyslogd.output()}`,
      () => existsSync(all) && bulkOf(receiver.requests).length >= 150,
    )
    appendFileSync(join(folder, 'log.ndjson'), log.slice(100).join(''))
    const sent = [...log, ...audit].map((line) => line.trimEnd()).sort()
    await eventually(
      () => `all arrive: ${bulkOf(receiver.requests).length}`,
      () => bulkOf(receiver.requests).length >= sent.length,
    )
    const bulk = bulkOf(receiver.requests)
    assert.deepEqual(bulk.map(({ line }) => line).sort(), sent)
    for (const { index, line } of bulk)
      assert.equal(index, `logs-${(JSON.parse(line) as Record<string, string>)['event.dataset']}-default`)
    await eventually('the file has all', () => readFileSync(all, 'utf8').split('\n').length > sent.length)
    assert.deepEqual(readFileSync(all, 'utf8').split('\n').slice(0, -1).sort(), sent)
  },
)

test('control: a configuration that is none is refused by the same check', { skip }, (t) => {
  const { conf } = rsyslogFiles(t, 1)
  writeFileSync(conf, readFileSync(conf, 'utf8').replace('type="omelasticsearch"', 'type="omnothing"'))
  assert.throws(() => execFileSync('rsyslogd', ['-N1', '-f', conf], { stdio: 'pipe' }))
})
