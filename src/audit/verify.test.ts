/**
 * What is done to an audit log past the gateway is found: for random logs every changed byte, removed, swapped, doubled, inserted line, cut end and
 * exchanged file. The control is a check of each line by itself, which misses them.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { silentLog } from '../core/log.ts'
import { openSecrets } from '../secrets/secrets.ts'
import { MemoryFiles } from '../store/memory-files.ts'
import { auditRig, eventOf } from '../testing/audit-rig.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { AUDIT_LIMITS } from './audit.ts'
import { decodeLine, encodeLine, GENESIS } from './line.ts'
import { verifyAudit } from './verify.ts'

/** A log of a few files, as bytes. */
async function randomLog(t: TestContext, words: readonly string[]) {
  const { folder, secrets, open } = await auditRig(t)
  const audit = await open({ limits: { ...AUDIT_LIMITS, maxFileBytes: 1500 } })
  for (const [at, word] of words.entries()) await audit.record(eventOf(word, { user: `user ${at}`, reason: word }))
  await audit.close()
  const names = readdirSync(folder).filter((name) => /^\d/.test(name)).sort() // prettier-ignore
  const head = readFileSync(join(folder, 'head'))
  const bytes = new Map(names.map((name) => [name, readFileSync(join(folder, name))]))
  const signerOf = (id: string) => secrets.signer('audit', id)
  const keys = { signerOf, keyIds: secrets.keyIds }
  const verify = (changed: ReadonlyMap<string, Buffer>, options: object = keys, anchor = head) => {
    const files = new MemoryFiles()
    for (const [name, content] of changed) files.put(join(folder, name), content)
    files.put(join(folder, 'head'), anchor)
    return verifyAudit(files, folder, options)
  }
  return { bytes, names, verify, head, folder, secrets }
}

const words = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { minLength: 6, maxLength: 14 })

test('every changed byte of a log is found and its line named, with the key and without; each line by itself would miss it', async (t) => {
  let missedByControl = 0
  await fc.assert(
    fc.asyncProperty(words, async (texts) => {
      const { bytes, names, verify } = await randomLog(t, texts)
      assert.deepEqual((await verify(bytes)).findings, [])
      for (const name of names) {
        const content = bytes.get(name)!
        for (let at = 0; at < content.length; at++) {
          const forged = Buffer.from(content)
          forged[at] = (content[at]! + 1 + (at % 250)) % 256
          if (forged[at] === content[at]) continue
          const line = content.subarray(0, at).toString('latin1').split('\n').length
          for (const options of [undefined, {}]) {
            const { ok, findings } = await verify(new Map(bytes).set(name, forged), options)
            assert.equal(ok, false, `byte ${at} of ${name}`)
            assert.ok(findings.some((one) => one.file === name && one.line === line) || at === content.length - 1, JSON.stringify([at, line, findings])) // prettier-ignore
          }
          if (eachLineParses(forged)) missedByControl++
        }
      }
    }),
    { numRuns: 1 },
  )
  assert.ok(missedByControl > 100, `the control misses ${missedByControl}`)
})

test('a line that is removed, swapped, doubled or put there is found, and so is an end that is cut off', async (t) => {
  await fc.assert(
    fc.asyncProperty(words, fc.nat(), fc.nat(), async (texts, a, b) => {
      const { bytes, verify } = await randomLog(t, texts)
      const places = [...bytes].flatMap(([name, content]) =>
        content.toString('latin1').split('\n').slice(0, -1).map((_, at) => ({ name, at })),
      ) // prettier-ignore
      const [one, other] = [places[a % places.length]!, places[b % places.length]!]
      const changes: Record<string, (lines: string[]) => void> = {
        removed: (lines) => lines.splice(one.at, 1),
        doubled: (lines) => lines.splice(one.at, 0, lines[one.at]!),
        moved: (lines) => lines.push(...lines.splice(one.at, 1)),
        foreign: (lines) => lines.splice(one.at, 0, linesOf(bytes.get(other.name)!)[other.at]!),
        cut: (lines) => lines.splice(one.at),
      }
      for (const [what, change] of Object.entries(changes)) {
        const lines = linesOf(bytes.get(one.name)!)
        const before = lines.join('\n')
        change(lines)
        if (lines.join('\n') === before) continue
        const forged = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1')
        const { ok, findings } = await verify(new Map(bytes).set(one.name, forged))
        assert.equal(ok, false, `${what} ${one.name} ${one.at}`)
        assert.ok(findings.length > 0)
      }
    }),
    { numRuns: 15 },
  )
})

test('a file that is removed, renamed, exchanged or brought back from an older copy is found', async (t) => {
  const { bytes, names, verify } = await randomLog(
    t,
    Array.from({ length: 14 }, (_, i) => `event ${i}`),
  )
  assert.ok(names.length >= 4)
  const found = async (changed: Map<string, Buffer>) => (await verify(changed)).findings.map(({ problem }) => problem)
  const without = (name: string) => new Map([...bytes].filter(([one]) => one !== name))
  assert.match(
    (await found(without(names[0]!)))[0]!,
    /are gone, and the log does not say that the gateway removed them/,
  )
  assert.match((await found(without(names[1]!)))[0]!, /^the lines \d+ to \d+ are missing before this file$/)
  assert.match((await found(without(names.at(-1)!)))[0]!, /were cut off the end: the anchor knows them/)
  const exchanged = new Map(bytes).set(names[1]!, bytes.get(names[2]!)!).set(names[2]!, bytes.get(names[1]!)!)
  assert.ok((await found(exchanged)).length > 0)
  const renamed = without(names[0]!).set('000000000009.ndjson', bytes.get(names[0]!)!)
  assert.ok((await found(renamed)).some((problem) => /under another name/.test(problem)))
  const other = await randomLog(
    t,
    Array.from({ length: 14 }, (_, i) => `event ${i}`),
  )
  const foreign = new Map(bytes).set(names[1]!, other.bytes.get(other.names[1]!)!)
  assert.ok((await found(foreign)).some((problem) => /another log|which is not here/.test(problem)))
})

test('who can write the files but has not the key cannot make a chain that passes; who has only the hashes would be deceived', async (t) => {
  const { bytes, names, verify, head, folder } = await randomLog(t, ['a', 'b', 'c'])
  // A stranger writes every line anew, with right hashes, signed with a key of his own that he says is ours.
  const stranger = await openSecrets(temporaryFolder(t), { env: {}, log: silentLog })
  const signer = stranger.signer('audit')!
  let last = GENESIS
  const forged = new Map<string, Buffer>()
  for (const name of names) {
    const lines = linesOf(bytes.get(name)!).map((text) => {
      const { line } = decodeLine(Buffer.from(text, 'latin1'))!
      const details = line.action === 'audit.begin' ? { ...line.details, previous: last } : line.details
      const { bytes: made, hash } = encodeLine({ ...line, user: 'mallory', ...(details && { details }) }, last, signer)
      last = { n: line.n, hash }
      return made
    })
    forged.set(name, Buffer.concat(lines))
  }
  const mac = '0'.repeat(64)
  const slot = { ...(JSON.parse(head.toString().split('\n')[0]!) as object), ...last, mac }
  const anchor = Buffer.from(`${JSON.stringify(slot).padEnd(511)}\n`.repeat(2))
  const problems = (await verify(forged, undefined, anchor)).findings.map(({ problem }) => problem)
  assert.ok(problems.includes('was not written by who has the key'), problems.join())
  assert.ok(problems.includes('the anchor is damaged, or was written by somebody without the key'))
  assert.equal((await verify(forged, {}, anchor)).ok, true, 'the control: without the key nobody sees it')
  assert.equal((await verify(forged, {}, anchor)).signatures, false)
  assert.ok(folder.length > 0)
})

test('the whole folder put back to an older state is found by an anchor that was kept elsewhere', async (t) => {
  const { folder, open, verify, secrets } = await auditRig(t)
  const said: string[] = []
  const log = { ...silentLog, info: (_: object, sentence: string) => void said.push(sentence), child: () => log }
  const audit = await open({ log })
  for (let i = 0; i < 5; i++) await audit.record(eventOf(i))
  await audit.close()
  const old = temporaryFolder(t)
  for (const name of readdirSync(folder)) copyFileSync(join(folder, name), join(old, name))
  const next = await open({ log })
  await next.record(eventOf('to be hidden'))
  await next.close()
  for (const name of readdirSync(old)) copyFileSync(join(old, name), join(folder, name))
  assert.equal((await verify()).ok, true, 'it is a log that was whole once')
  const [, n, hash] = /^audit anchor (\d+):([0-9a-f]{64})$/.exec(said.at(-1)!)!
  const signerOf = (id: string) => secrets.signer('audit', id)
  const anchors = [{ n: Number(n), hash: hash! }]
  const { findings } = await verify({ signerOf, keyIds: secrets.keyIds, anchors })
  assert.match(findings[0]!.problem, /^the lines 8 to 9 were cut off the end: the anchor that was given knows them$/)
  const early = [{ n: 3, hash: '1'.repeat(64) }]
  assert.match((await verify({ signerOf, anchors: early, keyIds: secrets.keyIds })).findings[0]!.problem, /^line 3 is another one than/) // prettier-ignore
})

test('an anchor that is removed or changed is found', async (t) => {
  const { folder, open, verify } = await auditRig(t)
  const audit = await open()
  await audit.record(eventOf(1))
  await audit.close()
  const path = join(folder, 'head')
  const head = readFileSync(path)
  const forged = head.toString().replaceAll('"n":3', '"n":2')
  writeFileSync(path, forged)
  assert.deepEqual((await verify()).findings.map(({ problem }) => problem), ['the anchor is damaged, or was written by somebody without the key']) // prettier-ignore
  renameSync(path, `${path}.away`)
  assert.deepEqual(
    (await verify()).findings.map(({ problem }) => problem),
    ['the anchor is missing'],
  )
  rmSync(`${path}.away`)
})

test('the hash of a line is what FORMAT.md says: SHA-256 over the hash before and the bytes as they lie there', async (t) => {
  const { bytes, names } = await randomLog(t, ['x'])
  const [first = '', second = ''] = linesOf(bytes.get(names[0]!)!)
  const hashOf = (line: string) => /"hash":"([0-9a-f]{64})"\}$/.exec(line)![1]!
  const signed = second.slice(0, second.lastIndexOf('","hash":"'))
  assert.equal(createHash('sha256').update(hashOf(first)).update(signed, 'latin1').digest('hex'), hashOf(second))
})

const linesOf = (bytes: Buffer): string[] => bytes.toString('latin1').split('\n').slice(0, -1)

/** The crippled check: every line is an event, and the numbers rise. */
function eachLineParses(bytes: Buffer): boolean {
  try {
    const numbers = linesOf(bytes).map((line) => (JSON.parse(line) as { n: number }).n)
    return numbers.every((n, at) => at === 0 || n === numbers[at - 1]! + 1)
  } catch {
    return false
  }
}
