/** `bifrost health` as probes run it: exit codes, kinds, and that it loads little. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { bifrost } from '../testing/gateway-process.ts'
import { freePort } from '../testing/peers.ts'

test('exit 0 when it is well, 1 when it is not, 3 when nobody or somebody else answers, 2 when it is not understood', async (t) => {
  const asked: (string | undefined)[] = []
  let answer: [status: number, body: string] = [200, JSON.stringify({ ok: true, checks: [] })]
  const server = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(answer[0]).end(answer[1])
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const health = (...words: string[]) => bifrost('health', '--url', url, ...words)
  assert.deepEqual([(await health()).code, (await health('--live')).code, (await health('--startup')).code], [0, 0, 0])
  assert.deepEqual(asked.splice(0), ['/readyz?verbose', '/livez?verbose', '/startupz?verbose'])
  const checks = [{ name: 'store', ok: false, detail: 'no space left', since: '2026-11-29T10:00:00.000Z' }]
  answer = [503, JSON.stringify({ ok: false, checks })]
  const red = await health('--ready')
  assert.deepEqual([red.code, red.out], [1, '[-] store: no space left (since 2026-11-29T10:00:00.000Z)\nnot ok\n'])
  const json = await health('--json')
  assert.deepEqual([json.code, JSON.parse(json.out)], [1, { ok: false, checks }])
  answer = [200, '<html>']
  const other = await health()
  assert.deepEqual([other.code, other.out], [3, ''])
  assert.match(other.err, /no Bifrost gateway/)
  assert.equal((await health('--live', '--ready')).code, 2)
  const nobody = await bifrost('health', '--url', `http://127.0.0.1:${await freePort()}`)
  assert.equal(nobody.code, 3)
  assert.match(nobody.err, /no gateway answers at .*ECONNREFUSED/)
})

test('a probe loads next to nothing: no schema library, no command line', async () => {
  const main = join(import.meta.dirname, '..', 'main.ts')
  const hook = `data:text/javascript,import { registerHooks } from 'node:module'; registerHooks({ load(url, context, next) { if (url.startsWith('file:')) process.stderr.write(url + '\\n'); return url.endsWith('cli/cli.ts') ? process.exit(9) : next(url, context) } })`
  const { stderr, status } = spawnSync(
    process.execPath,
    ['--import', hook, main, 'health', '--live', '--url', 'http://127.0.0.1:9/'],
    { encoding: 'utf8' },
  )
  const loaded = stderr.split('\n').filter((line) => line.startsWith('file:') && !line.endsWith('cli/cli.ts'))
  assert.equal(status, 9, 'only where nobody answers is the command line asked for the sentence')
  assert.ok(loaded.length > 2 && loaded.length <= 15, loaded.join('\n'))
  assert.deepEqual(
    loaded.filter((url) => url.includes('node_modules')),
    [],
  )
})
