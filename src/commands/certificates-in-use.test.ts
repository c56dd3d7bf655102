/** What is said of certificates before they expire, with a clock that is turned. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createAuthority, issue, makeEcKey } from '../wire/certificates/authority.ts'
import { toPem } from '../wire/certificates/certificate-store.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { createRecordingLog } from '../testing/recording-log.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { watchCertificatesInUse } from './certificates-in-use.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 10, 29, 12)

async function start(t: TestContext, days: number, clockAt = NOW) {
  const data = temporaryFolder(t)
  const authority = await createAuthority(join(data, 'ca'), { name: 'Plant', now: NOW, days: 3650 })
  const file = join(data, 'gateway.crt')
  const put = (now: number, validDays: number) => {
    const wanted = {
      commonName: 'gateway',
      profile: 'server',
      key: makeEcKey(),
      dnsNames: ['g'],
      ipAddresses: [],
    } as const
    writeFileSync(file, toPem(issue(authority, wanted, now, validDays), 'CERTIFICATE'))
  }
  put(NOW, days)
  const clock = new VirtualClock(clockAt)
  const log = createRecordingLog()
  const named = [{ use: 'sink', name: 'plant', file }]
  const watch = await watchCertificatesInUse({ named: () => named, data, clock, log })
  t.after(() => watch.close())
  return { watch, clock, log, put, file }
}

test('it is said 30, 7 and 1 days before, and when it happened, each once; a renewed one ends it', async (t) => {
  const { watch, clock, log, put } = await start(t, 40)
  assert.deepEqual(
    watch.list.map(({ use, name, subject }) => [use, name, subject]),
    [
      ['sink', 'plant', 'gateway'],
      ['ca', 'ca', 'Plant'],
    ],
  )
  assert.equal(log.said.length, 0)
  for (let day = 1; day <= 41; day++) {
    await clock.advance(DAY_MS)
    await watch.look()
    await watch.look()
  }
  const said = log.said.map(({ level, sentence }) => `${level} ${sentence.replace(/ \(.*\)/, '')}`)
  const renew = 'renew it: `bifrost certs renew` where it is of our own authority.'
  const of = 'the certificate "gateway" of sink "plant"'
  assert.deepEqual(said, [
    `warn ${of} expires on 2027-01-08; ${renew}`,
    `warn ${of} expires on 2027-01-08; ${renew}`,
    `error ${of} expires on 2027-01-08; ${renew}`,
    `error ${of} expired on 2027-01-08; ${renew}`,
  ])
  assert.equal(watch.attention.length, 1)
  put(clock.now(), 100)
  await watch.look()
  assert.deepEqual(watch.attention, [])
})

test('a file that is not there or is none is said, and a clock that is wrong, too', async (t) => {
  const { watch, log, file } = await start(t, 400)
  writeFileSync(file, 'nothing')
  await watch.look()
  assert.match(watch.attention.join(), /of sink "plant" \(.*gateway\.crt\) cannot be used: it holds no CERTIFICATE/)
  assert.equal(log.said.filter(({ level }) => level === 'warn').length, 1)
  assert.equal(watch.list[0]!.notAfter, undefined)
  const early = await start(t, 400, NOW - 10 * DAY_MS)
  assert.match(early.watch.attention.join(), /is valid from 2026-11-28 on only; check the clocks/)
})
