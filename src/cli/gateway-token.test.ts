/** Commands that ask a gateway with accounts: as its own user on its machine, with a token, and as nobody. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { startPlant } from '../testing/people.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { authorization } from './gateway-token.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'bifrost')

function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(BIN, args, { env: { ...process.env, NO_COLOR: '1', ...env } })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  child.stdin.end()
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) =>
    child.on('close', (code) => resolve({ code, ...said })),
  )
}

test('on the machine of the gateway commands need no log-in; elsewhere a token, else the sentence that says so', async (t) => {
  const plant = await startPlant(t)
  await plant.person('anna', 'admin')
  const here = { BIFROST_URL: plant.http.url }
  for (const args of [
    ['read', 'press-1/wave'],
    ['write', 'press-1/set-point', '6'],
    ['sink', 'list'],
    ['received'],
    ['watch', '--count', '1'],
    ['export', '--from', '1h'],
    ['opcua', 'certificates'],
    ['health'],
  ]) {
    const { code, err } = await run(args, here)
    assert.equal(code, 0, `${args.join(' ')}: ${err}`)
  }

  // Another user of the machine: no file that is theirs.
  const empty = temporaryFolder(t)
  mkdirSync(join(empty, 'bifrost-0'), { mode: 0o700 })
  const stranger = { ...here, XDG_RUNTIME_DIR: empty, TMPDIR: empty }
  for (const args of [['read'], ['watch', '--count', '1'], ['sink', 'list']]) {
    const refused = await run(args, stranger)
    assert.deepEqual([refused.code, refused.out], [4, ''], args.join(' '))
    assert.match(refused.err, /asks who you are: run this on its machine .* BIFROST_TOKEN/)
  }
  const token = (await plant.token('ci', { permissions: ['view'], devices: ['press-*'] })).authorization!.slice(7)
  const file = join(empty, 'token')
  writeFileSync(file, `${token}\n`)
  const read = await run(['read'], { ...stranger, BIFROST_TOKEN_FILE: file })
  assert.equal(read.code, 0, read.err)
  assert.doesNotMatch(read.out, /oven/)
  const write = await run(['write', 'press-1/set-point', '6'], { ...stranger, BIFROST_TOKEN: token })
  assert.equal(write.code, 4)
  assert.match(write.err, /token ci lacks the permission write/)
  const bad = await run(['watch'], { ...here, BIFROST_TOKEN: 'bfr_wrong' })
  assert.equal(bad.code, 4, 'a token that was given is not replaced by the file of the host')
  assert.match(bad.err, /the token is not valid/)
})

test('a token does not go over the network in the open, and the one of the host only to this machine', (t) => {
  const env = { BIFROST_TOKEN: 'secret' }
  assert.throws(() => authorization('http://gateway.plant:8080', env), /as it is, for everybody in between.*https/)
  for (const url of ['https://gateway.plant', 'http://127.0.0.1:8080', 'http://[::1]:8080', 'http://localhost'])
    assert.deepEqual(authorization(url, env), { authorization: 'Bearer secret' }, url)
  assert.deepEqual(authorization('http://gateway.plant:8080', { XDG_RUNTIME_DIR: temporaryFolder(t) }), {})
})
