/**
 * Does a gateway that was just deployed do its work? `smoke.ts --url URL [--version 1.2.3] [--wait 60]`, token in BIFROST_TOKEN. It is ready, it is
 * the version that was deployed, samples arrive, and the account of each sink adds up. Exit 0: all good; 1: something is not, each said;
 * 3: it was never reached.
 */
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'

interface System {
  readonly version: string
}
interface Sink {
  readonly name: string
  readonly state: string
  readonly reason: string | null
  readonly balanced: boolean
}

/** Undefined: it answered nothing. */
type Ask = <T>(path: string) => Promise<{ status: number; body: T } | undefined>

/** What is wrong; nothing when all is good; undefined when it was never reached. */
export async function smoke(
  ask: Ask,
  version: string | undefined,
  waitMs: number,
  betweenMs = 2000,
): Promise<string[] | undefined> {
  const end = Date.now() + waitMs
  let faults: string[] | undefined
  do {
    faults = await look(ask, version, betweenMs)
    if (faults?.length === 0) return faults
    await sleep(Math.min(1000, Math.max(0, end - Date.now())))
  } while (Date.now() < end)
  return faults
}

async function look(ask: Ask, version: string | undefined, betweenMs: number): Promise<string[] | undefined> {
  const ready = await ask<unknown>('/readyz')
  if (ready === undefined) return undefined
  if (ready.status !== 200) return [`it is not ready: /readyz answered ${ready.status}`]
  const [system, before, sinks] = [
    await ask<System>('/api/v1/system'),
    await ask<{ nextSeq: number }>('/api/v1/log'),
    await ask<{ sinks: readonly Sink[] }>('/api/v1/sinks'),
  ]
  const refused = [system, before, sinks].find((answer) => answer?.status !== 200)
  if (refused !== undefined) return [`the API answered ${refused.status}: is BIFROST_TOKEN a token that may view?`]
  if (system === undefined || before === undefined || sinks === undefined) return ['it went away']
  const faults: string[] = []
  if (version !== undefined && system.body.version !== version)
    faults.push(`it runs ${system.body.version}, and ${version} was deployed`)
  for (const { name, state, reason, balanced } of sinks.body.sinks) {
    if (state !== 'Running') faults.push(`sink ${name} is ${state}: ${reason ?? 'no reason given'}`)
    if (!balanced) faults.push(`the account of sink ${name} does not add up`)
  }
  await sleep(betweenMs)
  const after = await ask<{ nextSeq: number }>('/api/v1/log')
  if (after === undefined) faults.push('it went away')
  else if (after.status !== 200) faults.push(`/api/v1/log answered ${after.status} at the second look`)
  else if (!(after.body.nextSeq > before.body.nextSeq)) faults.push(`no sample arrived in ${betweenMs / 1000} s`)
  return faults
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      url: { type: 'string' },
      version: { type: 'string' },
      wait: { type: 'string', default: '60' },
    },
  })
  const url = values.url ?? process.env.BIFROST_URL
  if (url === undefined || url === '') {
    console.error('usage: smoke.ts --url URL [--version VERSION] [--wait SECONDS]; or BIFROST_URL')
    process.exit(2)
  }
  const token = process.env.BIFROST_TOKEN
  const headers = token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }
  const ask: Ask = async <T>(path: string) => {
    try {
      const answer = await fetch(new URL(path, url), { headers, signal: AbortSignal.timeout(5000) })
      const text = await answer.text()
      const isJson = answer.headers.get('content-type')?.includes('json') === true
      return { status: answer.status, body: (isJson ? JSON.parse(text) : text) as T }
    } catch {
      return undefined
    }
  }
  const faults = await smoke(ask, values.version, Number(values.wait) * 1000)
  if (faults === undefined) console.error(`${url} was not reached within ${values.wait} s`)
  for (const fault of faults ?? []) console.error(fault)
  if (faults?.length === 0) console.log(`${url}: ready, samples arrive, every account adds up`)
  process.exitCode = faults === undefined ? 3 : faults.length === 0 ? 0 : 1
}
