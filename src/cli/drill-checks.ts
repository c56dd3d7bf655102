/** What a drill compares on a restored folder: first the files, then a gateway that runs on them without reaching anybody. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DrillCheck } from '../backup/drill-report.ts'
import type { Prepared } from '../backup/restore/prepare.ts'
import type { BackupSettings } from '../backup/settings.ts'
import type { Config } from '../config/config.ts'
import { SampleBatch } from '../core/batch.ts'
import { systemClock as clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { silentLog } from '../core/log.ts'
import type { Gap } from '../core/sink.ts'
import { openAccountsAlone, readSecrets, startGateway, verifyFolder, type Gateway } from '../gateway.ts'
import { loadConfigFile } from './config-file.ts'
import { isolated } from './isolated.ts'
import { packageVersion } from '../core/package-files.ts'
import type { Terminal } from './terminal.ts'

interface Context {
  readonly checks: DrillCheck[]
  readonly env: NodeJS.ProcessEnv
  readonly log: Pick<Terminal, 'say'>
}

/** So many of the newest samples are read one by one. */
const MOST_COUNTED = 20_000_000

/** Adds to `checks`; how long a gateway took to answer, in seconds. */
export async function compareRestored(prepared: Prepared, settings: BackupSettings, context: Context): Promise<number> {
  const { env, checks } = context
  const data = join(prepared.folder, 'data')
  const check = async (what: string, judge: () => Promise<string>): Promise<void> => {
    context.log.say(`${what} …`)
    try {
      checks.push({ what, ok: true, found: await judge() })
    } catch (error) {
      checks.push({ what, ok: false, found: messageOf(error) })
    }
  }
  let config: Config | undefined
  await check('the configuration loads', async () => {
    const main = join(prepared.folder, 'config', prepared.manifest.config.main)
    const file = existsSync(main) ? main : settings.config
    const loaded = isolated(await loadConfigFile(file, env))
    // Nothing is let go while it is compared.
    const all = { maxBytes: Infinity, maxAgeMs: Infinity }
    config = { ...loaded, data, http: undefined, store: { ...loaded.store, ...all, trends: all } }
    return `${config.devices.length} devices${file === main ? '' : ' (that of this machine: what is secret stayed closed)'}`
  })
  await check('the audit log is whole', async () => {
    if (!existsSync(join(data, 'audit'))) return 'there is none'
    const secrets = await readSecrets(data, { ...config?.secrets, env })
    const verdict = await verifyFolder(join(data, 'audit'), secrets)
    if (!verdict.ok) throw new Error(verdict.findings.map(({ file, line, problem }) => `${file}:${line ?? ''} ${problem}`).join('; ')) // prettier-ignore
    return `${verdict.lines} lines, signatures ${verdict.signatures ? 'checked' : 'not checked: the key stayed closed'}`
  })
  if (config === undefined) return 0
  await check('accounts open', async () => {
    if (!existsSync(join(data, 'accounts.db')))
      return prepared.opened === 0 ? 'not tried: what is secret stayed closed' : 'there are none'
    const { accounts, close } = await openAccountsAlone(config!, { clock, log: silentLog })
    await close()
    return accounts.setupToken === undefined ? 'with an administrator' : 'without an administrator'
  })
  const cursors = prepared.cursors.map((state) => ({ ...state, found: 0 }))
  const began = clock.monotonic()
  let gateway: Gateway | undefined
  let seconds = 0
  await check('a gateway starts on it', async () => {
    gateway = await startGateway(config!, { log: silentLog, version: packageVersion(), env })
    seconds = (clock.monotonic() - began) / 1000
    return `in ${seconds.toFixed(1)} s, reaching nobody`
  })
  if (gateway === undefined) return seconds
  try {
    for (const [what, judge] of Object.entries(judgesOf(gateway, prepared, cursors))) await check(what, judge)
  } finally {
    await gateway.stop()
  }
  return seconds
}

/** Of a sink, and how many samples behind it are found in the log. */
type Counted = Prepared['cursors'][number] & { found: number }

const isBehind = ({ seq, ahead = [], purged = [0, 0] }: Counted, number: number): boolean =>
  number > Math.max(seq, purged[0]) && !ahead.some(([from, , to]) => number > from && number <= to)

/** Of a stretch without rows; one that a sink is in the middle of cannot be counted by numbers alone. */
function countGap(one: Counted, { fromSeq, toSeq, samples = 0 }: Gap): void {
  if (isBehind(one, fromSeq)) one.found += samples
  else if (isBehind(one, toSeq)) one.found = NaN
}

const judgesOf = (
  { store }: Gateway,
  { manifest, endSeq, renewed }: Prepared,
  cursors: readonly Counted[],
): Record<string, () => Promise<string>> => ({
  'the log is where it should be': async () => {
    const { logId, oldestSeq, durableSeq, corruptFrames, ancestors } = store.info()
    expect(logId, renewed.logId, 'id')
    expect(ancestors.at(-1)?.throughSeq, renewed.before === undefined ? undefined : endSeq, 'end of the log before')
    if (endSeq > 0) expect(oldestSeq, Math.min(manifest.log.oldestSeq, endSeq + 1), 'oldest number')
    expect(corruptFrames, 0, 'damaged frames')
    if (durableSeq < endSeq) throw new Error(`it ends at ${durableSeq}, not ${endSeq}`)
    return `${logId}, numbers ${oldestSeq} to ${endSeq}`
  },
  'every sample can be read, and the last ones are what they were': async () => {
    const { oldestSeq } = store.info()
    const wanted = new Map(manifest.witnesses.filter(({ seq }) => seq <= endSeq).map((one) => [one.seq, one]))
    let rows = 0
    let inGaps = 0
    const from = Math.max(oldestSeq, endSeq - MOST_COUNTED)
    for await (const found of store.readAfter(from - 1)) {
      if (!(found instanceof SampleBatch)) {
        inGaps += found.toSeq - found.fromSeq + 1
        for (const one of cursors) countGap(one, found)
        if (found.reason === 'corrupt' || found.reason === 'missing-segment') throw new Error(`${found.reason}: ${found.fromSeq} to ${found.toSeq}`) // prettier-ignore
        continue
      }
      for (let row = 0; row < found.length; row++) {
        for (const one of cursors) if (isBehind(one, found.seq![row]!)) one.found++
        const witness = wanted.get(found.seq![row]!)
        if (witness === undefined) continue
        expect(found.tag[row], witness.tag, `tag of ${witness.seq}`)
        expect(found.time[row], witness.time, `time of ${witness.seq}`)
        expect(found.status[row], witness.status, `status of ${witness.seq}`)
        if (witness.value !== undefined) expect(found.value[row], witness.value, `value of ${witness.seq}`)
        wanted.delete(witness.seq)
      }
      rows += found.length
    }
    if (wanted.size > 0) throw new Error(`the numbers ${[...wanted.keys()].slice(0, 5).join(', ')} are not there`)
    return `${rows} samples${inGaps > 0 ? `, ${inGaps} numbers in gaps that are on record` : ''}`
  },
  'the ledger of every sink adds up': async () => {
    const lines: string[] = []
    for (const { sink } of renewed.cursors) {
      const { routed, delivered, pending, dropped } = (await store.openCursor(sink)).ledger()
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
      if (routed !== delivered + pending + lost) throw new Error(`${sink}: ${routed} routed, ${delivered} + ${pending} + ${lost}`) // prettier-ignore
      const counted = cursors.find((one) => one.sink === sink)
      if (counted !== undefined && !Number.isNaN(counted.found) && counted.seq >= endSeq - MOST_COUNTED)
        expect(counted.found, pending, `what waits for ${sink} in the log`)
      lines.push(`${sink} ${routed} = ${delivered} + ${pending} + ${lost}`)
    }
    return lines.length === 0 ? 'there is no sink' : lines.join(', ')
  },
  'history answers': async () => {
    const witness = manifest.witnesses.findLast(({ seq, value }) => seq <= endSeq && value !== undefined)
    if (witness === undefined) return 'nothing to ask for'
    const { tag, time } = witness
    const { points } = await store.history(tag, time - 60_000, time + 60_000, 1000, AbortSignal.timeout(60_000))
    if (points.length === 0) throw new Error(`no point of tag ${tag} around ${new Date(time).toISOString()}`)
    return `${points.length} points around the last sample`
  },
})

function expect(found: unknown, wanted: unknown, what: string): void {
  if (!Object.is(found, wanted)) throw new Error(`${what}: ${String(found)} in place of ${String(wanted)}`)
}
