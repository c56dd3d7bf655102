/**
 * Signing in over HTTP at a gateway as a process that polls 10,000 tags/s, beside the bare argon2id of Node with the same cost. Options:
 * --times 40.
 */
import { parseArgs } from 'node:util'
import { PasswordHasher } from '../src/accounts/password.ts'
import { at, loadAverage, startGatewayUnderLoad } from './gateway-under-load.ts'

const PASSWORD = 'a long walk to the harbour'
const P95_MS = 200

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { times: { type: 'string', default: '40' } } })
  const times = Number(values.times)
  const gateway = await startGatewayUnderLoad(100, 100, { password: PASSWORD })
  try {
    const hasher = new PasswordHasher()
    const bare = await measured(times, () => hasher.hash(PASSWORD))
    console.log(`10,000 tags/s polled, ${loadAverage()}; argon2id alone: ${told(bare)}`)
    const url = `http://127.0.0.1:${gateway.port}/api/v1/session`
    const body = JSON.stringify({ name: 'admin', password: PASSWORD })
    const signIn = async () => {
      const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
      if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
      await answer.arrayBuffer()
    }
    const signed = await measured(times, signIn)
    const holds = at(signed, 0.95) < P95_MS
    console.log(`sign-in over HTTP: ${told(signed)} (p95 < ${P95_MS} ms)${holds ? '' : '  MISSED'}`)
    if (!holds) process.exitCode = 1
  } finally {
    await gateway.stop()
  }
}

async function measured(times: number, work: () => Promise<unknown>): Promise<number[]> {
  const found: number[] = []
  for (let index = 0; index < times; index++) {
    const from = performance.now()
    await work()
    found.push(performance.now() - from)
  }
  return found.sort((a, b) => a - b)
}

const told = (sorted: readonly number[]): string =>
  `p50 ${at(sorted, 0.5).toFixed(0)} ms, p95 ${at(sorted, 0.95).toFixed(0)} ms`
