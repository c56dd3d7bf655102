import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { temporaryFolder } from '../testing/peers.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { createLogger } from './log.ts'
import { openStreams, type StreamSettings } from './log-streams.ts'

function start(settings: StreamSettings) {
  const lines: string[] = []
  const log = createLogger({ level: 'error', format: 'json', destination: { write: (line) => lines.push(line) } })
  return { lines, log, streams: openStreams(settings, { log, gateway: log, version: '1', clock: new VirtualClock() }) }
}

test('audit and access among the lines of the log are said whatever its level is', () => {
  const { lines, log, streams } = start({ audit: 'log', access: { requests: 'all', slowMs: 1, to: 'log' } })
  log.info({}, 'not wanted')
  streams.audit!.info({}, 'audit')
  streams.access!.log.info({}, 'access')
  assert.deepEqual(
    lines.map((line) => (JSON.parse(line) as { 'event.dataset': string })['event.dataset']),
    ['bifrost.audit', 'bifrost.access'],
  )
})

test('two streams that name one file share it, and none of their lines is lost when it is put aside', async (t) => {
  const file = join(temporaryFolder(t), 'both.ndjson')
  const to = { file }
  const { streams } = start({
    audit: to,
    access: { requests: 'all', slowMs: 1, to: { file } },
    files: { maxBytes: 20_000, keep: 5 },
  })
  for (let n = 0; n < 100; n++) {
    streams.audit!.info({ n }, 'audit')
    streams.access!.log.info({ n }, 'access')
    // A piece each, so that they are put aside in between.
    await setImmediate()
  }
  await streams.close()
  const names = [5, 4, 3, 2, 1].map((n) => `${file}.${n}`)
  const text = [...names, file]
    .map((name) => {
      try {
        return readFileSync(name, 'utf8')
      } catch {
        return ''
      }
    })
    .join('')
  const seen = text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>) // prettier-ignore
  for (const dataset of ['bifrost.audit', 'bifrost.access'])
    assert.deepEqual(
      seen.filter((line) => line['event.dataset'] === dataset).map((line) => line['event.sequence']),
      Array.from({ length: 100 }, (_, n) => n),
    )
  assert.equal(
    streams.own.reduce((sum, { dropped }) => sum + (dropped?.failed ?? 0), 0),
    0,
  )
})
