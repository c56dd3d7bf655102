/** The section `alerts`: what it becomes, what is wrong in it, and that no secret of it is shown anywhere. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { drivers } from '../drivers/index.ts'
import { sinks } from '../sinks/index.ts'
import { temporaryFolder } from '../testing/peers.ts'
import { loadConfig } from './load.ts'
import { maskText } from './masking/mask.ts'
import { ownedObjects } from './owned-settings.ts'
import { ConfigError } from './problem.ts'
import { renderConfig } from './render.ts'
import { secretEraser } from './running-secrets.ts'

const SOURCES = { drivers, sinks, env: { HOOK: 'https://chat.example/hunter6' } }

const GOOD = `version: 1
alerts:
  name: edge-7
  groupWait: 1m
  receivers:
    - { name: office, receiver: webhook, options: { url: 'https://alerts.example/hook', token: hunter1 } }
    - { name: chat, receiver: webhook, options: { urlSecret: 'https://chat.example/hunter2' }, severities: [critical] }
    - { name: other, receiver: webhook, options: { urlSecret: '\${HOOK}' } }
    - { name: mail, receiver: email, options: { host: mail.example, username: gw, password: hunter3, from: a@b.example, to: [c@d.example] } }
    - { name: bus, receiver: mqtt, options: { url: 'mqtt://192.0.2.1', username: gw, password: hunter4 }, sendResolved: false }
  heartbeat: { urlSecret: 'https://hc.example/ping/hunter5', every: 30s }
`
const SECRETS = /hunter[1-6]/

function write(t: TestContext, text: string): string {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(file, text)
  return file
}

test('defaults, receivers and the heartbeat', async (t) => {
  const { alerts } = await loadConfig(write(t, GOOD), SOURCES)
  assert.deepEqual([alerts?.groupWaitMs, alerts?.groupIntervalMs, alerts?.everyMs], [60_000, 300_000, 15_000])
  assert.deepEqual(alerts?.receivers.map(({ name, severities, sendResolved }) => [name, severities.length, sendResolved]), [['office', 2, true], ['chat', 1, true], ['other', 2, true], ['mail', 2, true], ['bus', 2, false]]) // prettier-ignore
  assert.deepEqual([alerts?.heartbeat?.url, alerts?.heartbeat?.everyMs], ['https://hc.example/ping/hunter5', 30_000])
  assert.equal((await loadConfig(write(t, 'version: 1\n'), SOURCES)).alerts, undefined)
})

test('no secret is shown: rendered, as text over the API, as settings, and in what leaves the gateway', async (t) => {
  const file = write(t, GOOD)
  const config = await loadConfig(file, SOURCES)
  const rendered = await renderConfig(file, SOURCES)
  assert.doesNotMatch(rendered, SECRETS)
  assert.match(rendered, /receiver: mqtt/)
  assert.doesNotMatch(maskText('bifrost.yaml', GOOD, { drivers, sinks, secrets: [] }).text, SECRETS)
  assert.doesNotMatch(JSON.stringify(ownedObjects(file, SOURCES, 'alerts')), SECRETS)
  const said = ['hunter1', 'https://chat.example/hunter2', 'hunter3', 'hunter4', 'https://hc.example/ping/hunter5', 'https://chat.example/hunter6'] // prettier-ignore
  assert.doesNotMatch(secretEraser(config)(said.join(' ')), SECRETS)
  assert.equal(config.warnings.filter(({ message }) => /plain text/.test(message)).length, 5)
})

const BAD: readonly (readonly [what: string, alerts: string, words: RegExp])[] = [
  ['an unknown kind', 'receivers: [{ name: a, receiver: webhok }]', /unknown receiver "webhok"/],
  ['an unknown option', "receivers: [{ name: a, receiver: webhook, options: { url: 'http://x', topic: y } }]", /unknown key "topic"/], // prettier-ignore
  ['no address', 'receivers: [{ name: a, receiver: webhook }]', /give url, or urlSecret/],
  ['two of one name', "receivers: [{ name: a, receiver: webhook, options: { url: 'http://x' } }, { name: a, receiver: webhook, options: { url: 'http://y' } }]", /two receivers "a"/], // prettier-ignore
  ['a topic with a wildcard', "receivers: [{ name: a, receiver: mqtt, options: { url: 'mqtt://x', topic: 'a/#' } }]", /neither \+ nor #/], // prettier-ignore
  ['a password in the open', 'receivers: [{ name: a, receiver: email, options: { host: h, security: none, username: u, password: p, from: a@b.c, to: [a@b.c] } }]', /not sent without encryption/], // prettier-ignore
  ['no recipient', 'receivers: [{ name: a, receiver: email, options: { host: h, from: a@b.c, to: [] } }]', /to/],
  ['an address with a line break', 'receivers: [{ name: a, receiver: email, options: { host: h, from: a@b.c, to: ["a@b.c\\nBcc: x@y.z"] } }]', /expected an address/], // prettier-ignore
  ['a severity that is none', "receivers: [{ name: a, receiver: webhook, options: { url: 'http://x' }, severities: [fatal] }]", /severities/], // prettier-ignore
  ['a heartbeat without address', 'heartbeat: { every: 10s }', /give url, or urlSecret/],
  ['a look each millisecond', 'every: 1ms', /alerts\.every/],
]

for (const [what, alerts, words] of BAD)
  test(`refused: ${what}`, async (t) => {
    await assert.rejects(loadConfig(write(t, `version: 1\nalerts:\n  ${alerts}\n`), SOURCES), (error) => {
      assert.ok(error instanceof ConfigError)
      assert.match(error.message, words)
      assert.match(error.message, /alerts/)
      return true
    })
  })
