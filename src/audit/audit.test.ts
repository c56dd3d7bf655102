/** The audit log as it is written: chained, grouped, rotated, cut down on record, and never silent about a disk that takes nothing. */
import assert from 'node:assert/strict'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs' // prettier-ignore
import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Log } from '../core/log.ts'
import { silentLog } from '../core/log.ts'
import { MemoryFiles } from '../store/memory-files.ts'
import { auditEvents, auditLines } from '../testing/audit-lines.ts'
import { auditRig, eventOf } from '../testing/audit-rig.ts'
import { withCode } from '../testing/command-rig.ts'
import { eventually } from '../testing/peers.ts'
import { AUDIT_LIMITS } from './audit.ts'
import { handInAudit } from './inbox.ts'
import { verifyAudit } from './verify.ts'

test('an event is a line of the chain, for this user alone, and the log is whole', async (t) => {
  const { data, folder, open: openLog, verify } = await auditRig(t)
  const audit = await openLog()
  await audit.record(eventOf(12.5, { id: 'a', before: 3, reason: 'batch 7', details: { status: 'Good' } }))
  const { n, time, id, action, user, from, object, before, after, reason, outcome, details } = auditEvents(data)[0]!
  assert.deepEqual(
    [n, time, id, action, user, from, object, before, after, reason, outcome, details],
    [3, '2026-11-23T10:00:00.000Z', 'a', 'write', 'anna', 'http 10.0.0.7', 'tag press-1/level', 3, 12.5, 'batch 7', 'written', { status: 'Good' }], // prettier-ignore
  )
  assert.deepEqual(auditLines(data).map(({ action: word }) => word), ['audit.begin', 'audit.open', 'write']) // prettier-ignore
  await audit.close()
  for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
  assert.equal(statSync(folder).mode & 0o777, 0o700)
  const { ok, lines, from: first, last } = await verify()
  assert.deepEqual([ok, lines, first, last?.n], [true, 3, 1, 3])
})

test('a log that is opened again goes on in the same file and chain; an old file without a chain is kept and vouched for', async (t) => {
  const { data, folder, open: openLog, verify } = await auditRig(t)
  writeFileSync(join(data, 'audit.ndjson'), '{"action":"write"}\n')
  for (let life = 0; life < 3; life++) {
    const audit = await openLog()
    await audit.record(eventOf(life))
    await audit.close()
  }
  assert.deepEqual(readdirSync(folder).sort(), ['000000000001.ndjson', 'before.ndjson', 'head', 'reserve'])
  assert.equal(existsSync(join(data, 'audit.ndjson')), false)
  const { before } = auditLines(data)[0]!.details as { before: { bytes: number; sha256: string } }
  assert.deepEqual(
    [before.bytes, before.sha256],
    [19, 'bbcce98dd64ab3bff58f3ed3f0dfd1c5da6b6cfef240c1256ed7262f6c6158b6'],
  )
  assert.deepEqual(auditEvents(data).map(({ n, after }) => [n, after]), [[3, 0], [5, 1], [7, 2]]) // prettier-ignore
  assert.equal((await verify()).ok, true)
})

test('events that come while the disk is busy share its syncs', async (t) => {
  const { data, folder, open: openLog } = await auditRig(t)
  const audit = await openLog()
  const file = await open(join(folder, 'head'), 'r')
  t.after(() => file.close())
  const sync = t.mock.method(Object.getPrototypeOf(file) as FileHandle, 'datasync')
  await Promise.all(Array.from({ length: 200 }, (_, i) => audit.record(eventOf(i))))
  assert.ok(sync.mock.callCount() <= 4, `${sync.mock.callCount()} syncs for 200 lines`)
  assert.equal(auditEvents(data).length, 200)
})

test('a file that is large or old gets no further line, and the chain goes over the border', async (t) => {
  const { folder, clock, open: openLog, verify } = await auditRig(t)
  const audit = await openLog({ limits: { ...AUDIT_LIMITS, maxFileBytes: 2000, maxFileAgeMs: 60_000 } })
  for (let i = 0; i < 20; i++) await audit.record(eventOf(i))
  const names = () => readdirSync(folder).filter((name) => /^\d/.test(name))
  const before = names().length
  assert.ok(before > 3, `${before} files`)
  await clock.advance(60_001)
  await audit.record(eventOf('later'))
  assert.equal(names().length, before + 1)
  await audit.close()
  const { ok, files, findings } = await verify()
  assert.deepEqual([ok, files, findings], [true, before + 1, []])
})

test('old files go whole, on record, when there is too much or it is too old; without the record it is a removal', async (t) => {
  const { data, folder, clock, open: openLog, verify } = await auditRig(t)
  const limits = { ...AUDIT_LIMITS, maxFileBytes: 2000, maxBytes: 5000 }
  const audit = await openLog({ limits })
  for (let i = 0; i < 60; i++) await audit.record(eventOf(i))
  await audit.close()
  const [oldest = ''] = readdirSync(folder).filter((name) => /^\d/.test(name)).sort() // prettier-ignore
  assert.notEqual(oldest, '000000000001.ndjson')
  assert.ok(auditLines(data).some(({ action }) => action === 'audit.remove'))
  assert.deepEqual((await verify()).findings, [])
  rmSync(join(folder, oldest))
  assert.match(
    (await verify()).findings[0]!.problem,
    /are gone, and the log does not say that the gateway removed them/,
  )

  await clock.advance(limits.maxAgeMs + 1)
  const later = await openLog({ limits: { ...limits, maxBytes: 2 ** 30 } })
  await later.record(eventOf('new'))
  await later.record(eventOf('newer'))
  assert.deepEqual(auditEvents(data).map(({ after }) => after).slice(-2), ['new', 'newer']) // prettier-ignore
})

test('a full disk refuses what needs a record, says so in place, and the next line tells of it', async (t) => {
  const { data, folder, clock, secrets, open: openLog } = await auditRig(t)
  const files = new MemoryFiles()
  const audit = await openLog({ files })
  await audit.record(eventOf(1))
  // The room that is there already can still be written to, as on a disk.
  files.open = failingGrowth(files)
  await assert.rejects(audit.record(eventOf(2)), withCode('STORE_FAILED', /audit log .* cannot be written.*ENOSPC/))
  await clock.advance(1100)
  await assert.rejects(audit.record(eventOf(3)), withCode('STORE_FAILED'))
  assert.deepEqual([audit.status().writable, audit.status().refused], [false, 2])
  assert.match(audit.status().problem!, /^since 2026-11-23T10:00:00.000Z: ENOSPC.*; 2 refused$/)
  const reserve = files.get(join(folder, 'reserve')).toString()
  assert.match(
    reserve,
    /"since":"2026-11-23T10:00:00.000Z","why":"ENOSPC[^"]*","refused":2,"last":"write tag press-1\/level by anna"/,
  )

  files.open = MemoryFiles.prototype.open.bind(files)
  await clock.advance(2100)
  await eventually('it is asked again by itself', () => audit.status().writable)
  await audit.record(eventOf(4))
  await audit.close()
  const lines = linesOf(files, folder)
  const resumed = lines.find(({ action }) => action === 'audit.resume')!
  assert.deepEqual([resumed.details.refused, lines.map(({ after }) => after).filter((one) => one !== null)], [2, [1, 4]]) // prettier-ignore
  assert.equal(files.get(join(folder, 'reserve')).toString().trim(), '')
  const signerOf = (id: string) => secrets.signer('audit', id)
  assert.deepEqual((await verifyAudit(files, folder, { signerOf, keyIds: secrets.keyIds })).findings, [])
  assert.equal(existsSync(join(data, 'audit', 'head')), false, 'all of it was in memory')
})

test('a gateway that is killed while the disk is full tells of the refusals in its next life', async (t) => {
  const { folder, open: openLog } = await auditRig(t)
  const files = new MemoryFiles()
  const audit = await openLog({ files })
  files.open = failingGrowth(files)
  await assert.rejects(audit.record(eventOf(1)), withCode('STORE_FAILED'))
  const after = files.afterKill()
  const next = await openLog({ files: after })
  await next.record(eventOf(2))
  const opened = linesOf(after, folder).findLast(({ action }) => action === 'audit.open')!
  assert.deepEqual((opened.details as unknown as { refusals: { refused: number } }).refusals.refused, 1)
})

test('after kill -9 a line in part is cut off and said; a power cut takes no line that was reported', async (t) => {
  const { data, folder, open: openLog, verify } = await auditRig(t)
  const audit = await openLog()
  await audit.record(eventOf(1))
  const file = join(folder, '000000000001.ndjson')
  appendFileSync(file, '{"n":4,"time":"2026')
  const next = await openLog()
  await next.record(eventOf(2))
  const opened = auditLines(data).filter(({ action }) => action === 'audit.open').at(-1)! // prettier-ignore
  assert.equal((opened.details as { torn: { bytes: number } }).torn.bytes, 19)
  await next.close()
  assert.deepEqual((await verify()).findings, [])

  const disk = new MemoryFiles()
  const powered = await openLog({ files: disk })
  for (let i = 0; i < 5; i++) await powered.record(eventOf(i))
  const cut = disk.afterPowerCut()
  assert.deepEqual(linesOf(cut, folder).map(({ after }) => after).filter((one) => one !== null), [0, 1, 2, 3, 4]) // prettier-ignore
  await openLog({ files: cut })
})

test('lines that were cut off while no gateway ran are said in log and health, their numbers are not used again', async (t) => {
  const said: string[] = []
  const log: Log = { ...silentLog, error: (_, sentence) => said.push(sentence), child: () => log }
  const { data, folder, open: openLog, verify } = await auditRig(t)
  const audit = await openLog()
  for (let i = 0; i < 5; i++) await audit.record(eventOf(i))
  await audit.close()
  const file = join(folder, '000000000001.ndjson')
  const lines = readFileSync(file, 'utf8').split('\n')
  truncateSync(file, Buffer.byteLength(lines.slice(0, 5).join('\n')) + 1)
  const next = await openLog({ log })
  await next.record(eventOf('after'))
  assert.match(said[0]!, /The audit log was changed: 000000000001.ndjson: the lines 6 to 7 were cut off the end/)
  assert.match(next.status().finding!, /the lines 6 to 7 were cut off the end/)
  assert.deepEqual(auditEvents(data).map(({ n }) => n).slice(-2), [5, 10]) // prettier-ignore
  await next.close()
  assert.deepEqual((await verify()).findings.map(({ problem }) => problem), ['the lines 6 to 7 are missing before this file']) // prettier-ignore
})

test('a file that somebody changes or takes away while it is written is said, and nothing is written into the void', async (t) => {
  const { data, folder, open: openLog, verify } = await auditRig(t)
  const audit = await openLog()
  await audit.record(eventOf(1))
  const file = join(folder, '000000000001.ndjson')
  appendFileSync(file, '{"n":4,"action":"forged"}\n')
  await audit.record(eventOf(2))
  assert.deepEqual(auditLines(data).slice(-3).map(({ action }) => action), ['audit.begin', 'audit.disturbed', 'write']) // prettier-ignore
  rmSync(join(folder, '000000000004.ndjson'))
  await audit.record(eventOf(3))
  assert.equal(auditEvents(data).at(-1)!.after, 3)
  await audit.close()
  assert.deepEqual((await verify()).findings.map(({ line, problem }) => [line, problem]), [
    [4, 'is no line of an audit log: it was changed or put there'],
    [1, 'the lines 5 to 6 are missing before this file'],
  ]) // prettier-ignore
})

test('an event that is too long for the inbox is refused at once: the gateway would pass it over', async (t) => {
  const { data, clock } = await auditRig(t)
  const record = (reason: string) => handInAudit(data, clock).record(eventOf('write', { reason }))
  await assert.rejects(record('x'.repeat(70_000)), withCode('STORE_FAILED', /longer than 65536 bytes/))
  await record('x'.repeat(60_000))
  assert.equal(readdirSync(join(data, 'audit', 'inbox')).length, 1)
})

test('what the command line does beside the gateway waits in the inbox and comes into the chain', async (t) => {
  const { data, folder, clock, open: openLog, verify } = await auditRig(t)
  await handInAudit(data, clock).record(eventOf('before any gateway', { user: 'host root' }))
  assert.equal((await verify()).waiting, 1)
  const audit = await openLog()
  assert.deepEqual(auditEvents(data).map(({ user, after, details }) => [user, after, details]), [['host root', 'before any gateway', { handedIn: '2026-11-23T10:00:00.000Z' }]]) // prettier-ignore
  await handInAudit(data, clock).record(eventOf('beside it'))
  await clock.advance(2000)
  await eventually('it was taken', () => auditEvents(data).length === 2)
  await audit.close()
  assert.deepEqual(readdirSync(join(folder, 'inbox')), [])
})

test('events are found by who, what, when and where, newest first and in pages', async (t) => {
  const { clock, open: openLog } = await auditRig(t)
  const audit = await openLog({ limits: { ...AUDIT_LIMITS, maxFileBytes: 2000 } })
  const OUTCOMES: Record<number, string> = {
    4: 'requested',
    9: 'WRITE_FORBIDDEN',
    20: 'refused: locked',
    21: 'written',
  }
  for (let i = 0; i < 30; i++) {
    const user = i % 2 === 0 ? 'anna' : 'Bert'
    await audit.record(eventOf(i, { user, object: `tag press-${i % 3}/level`, outcome: OUTCOMES[i] ?? 'done' }))
    await clock.advance(1000)
  }
  const values = async (query: object) => (await audit.query({ limit: 100, ...query })).lines.map(({ after }) => after)
  assert.deepEqual((await values({ user: 'bert', object: 'tag press-1/*' })), [25, 19, 13, 7, 1]) // prettier-ignore
  const start = Date.parse('2026-11-23T10:00:00.000Z')
  assert.deepEqual(await values({ action: 'write', from: start + 3000, to: start + 6000 }), [5, 4, 3])
  assert.deepEqual(await values({ outcome: 'refused', action: 'write' }), [20, 9])
  assert.deepEqual(await values({ outcome: 'requested', action: 'write' }), [4])
  assert.equal((await values({ outcome: 'done', action: 'write' })).length, 27)
  const pages: unknown[] = []
  for (let before: number | undefined; ;) {
    const { lines, next } = await audit.query({ limit: 7, action: 'write', before })
    pages.push(...lines.map(({ after }) => after))
    if (next === null) break
    before = next
  }
  assert.deepEqual(
    pages,
    Array.from({ length: 30 }, (_, i) => 29 - i),
  )
  assert.deepEqual(await values({ user: 'ann' }), [], 'a word is a whole word')
})

/** A full disk: what is there can be written over, nothing can grow. */
function failingGrowth(files: MemoryFiles): MemoryFiles['open'] {
  return async (path, mode) => {
    const file = await MemoryFiles.prototype.open.call(files, path, mode)
    const write: typeof file.write = async (bytes, position) => {
      if (position + bytes.length > (await file.size())) throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' }) // prettier-ignore
      return file.write(bytes, position)
    }
    return { ...file, write }
  }
}

const linesOf = (files: MemoryFiles, folder: string) =>
  files
    .paths(/\/\d+\.ndjson$/)
    .filter((path) => path.startsWith(folder))
    .flatMap((path) => files.get(path).toString().trimEnd().split('\n'))
    .map((line) => JSON.parse(line) as { action: string; after: unknown; details: { refused?: number } })
