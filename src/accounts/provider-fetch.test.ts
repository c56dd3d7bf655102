/** How the provider of single sign-on is asked. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { providerFetch } from './provider-fetch.ts'

test('a provider that is asked over HTTPS does not send us for its keys to where everybody can forge them', async (t) => {
  let asked = 0
  const server = createServer((_request, answer) => void answer.end(`${++asked}`))
  await new Promise<void>((done) => void server.listen(0, '127.0.0.1', done))
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  const keys = `http://127.0.0.1:${port}/jwks`
  const fetchFor = (issuer: string) => providerFetch(issuer, undefined, new AbortController().signal)
  await assert.rejects(
    fetchFor('https://login.plant.example').then((ask) => ask(keys, {})),
    /has to name addresses of HTTPS alone/,
  )
  assert.equal(asked, 0)
  await (
    await fetchFor(`http://127.0.0.1:${port}`)
  )(keys, {})
  assert.equal(asked, 1, 'control')
})
