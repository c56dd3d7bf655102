/** `insecure: true` is loud: at the check, in the log with each connection, in metrics and in the API; a global switch is not followed. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createServer } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { loadConfig } from '../src/config/load.ts'
import { modbus } from '../src/drivers/modbus/driver.ts'
import { drivers } from '../src/drivers/index.ts'
import { startHttp } from '../src/http/server.ts'
import { createMetrics } from '../src/observe/metrics.ts'
import { sinkByName, sinks } from '../src/sinks/index.ts'
import { createAuthority } from '../src/testing/certificates.ts'
import { startTestGateway } from '../src/testing/gateway-fixture.ts'
import { eventually, needs, temporaryFolder } from '../src/testing/peers.ts'
import { createRecordingLog } from '../src/testing/recording-log.ts'

const WORDS =
  'insecure: true: nobody checks who the far side is, and others on the network can read and change this traffic'

test('the check names each place where it stands', async (t) => {
  const file = join(temporaryFolder(t), 'bifrost.yaml')
  writeFileSync(
    file,
    `version: 1
devices:
  - name: press
    driver: modbus
    options: { host: 10.0.0.5, transport: tls, tls: { insecure: true } }
sinks:
  - { name: plant, sink: mqtt, options: { url: 'mqtts://10.0.0.9', insecure: true } }
  - { name: cloud, sink: mqtt, options: { url: 'mqtts://10.0.0.9', topic: 'c/{device}/{tag}' } }
`,
  )
  const { warnings } = await loadConfig(file, { drivers, sinks, env: {} })
  const found = warnings.filter(({ message }) => message === WORDS).map(({ line, path }) => `${line} ${path}`)
  assert.deepEqual(found, ['5 devices[0].options.tls.insecure', '7 sinks[0].options.insecure'])
})

test(
  'a running gateway says it in log, metrics and API, of those alone that are',
  { skip: needs('openssl') },
  async (t) => {
    const { cert, key } = createAuthority(temporaryFolder(t), 'lonely')
    // It takes what an HTTP sink sends, and answers.
    const server = createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
      socket.on('error', () => undefined)
      socket.on('data', () => socket.write('HTTP/1.1 204 No Content\r\n\r\n'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/in`
    const type = sinkByName('http')!
    const sink = (name: string, more: object) => ({ name, type, options: type.options.parse({ url, ...more }) as unknown, enabled: true, replay: { order: 'in-order', makeUpRowsPerSecond: undefined } as const }) // prettier-ignore
    const log = createRecordingLog()
    const tls = { host: '127.0.0.1', port: 1, transport: 'tls' }
    const gateway = await startTestGateway(t, {
      log,
      devices: [
        { name: 'careless', type: modbus, options: { ...tls, tls: { insecure: true } }, tags: [] },
        { name: 'careful', type: modbus, options: tls, tags: [] },
      ],
      sinks: [sink('open', { insecure: true }), sink('closed', { ca: cert })],
    })
    await eventually('the connection is told', () => log.text().includes(`warn: sink is Running; ${WORDS}`))
    const metrics = await createMetrics(gateway).render(false)
    const series = [...metrics.matchAll(/^bifrost_insecure_connections\{(.*)\} 1$/gm)].map(([, labels]) => labels)
    assert.deepEqual(series, ['kind="device",name="careless"', 'kind="sink",name="open"'])
    const end = new X509Certificate(readFileSync(cert)).validToDate.getTime() / 1000
    assert.match(
      metrics,
      new RegExp(`^bifrost_certificate_not_after_timestamp_seconds\\{use="sink-ca",name="closed"\\} ${end}$`, 'm'),
    )
    const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
    t.after(() => http.close())
    const ask = async (what: 'sinks' | 'devices') => {
      const answer = (await (await fetch(`${http.url}/api/v1/${what}`)).json()) as Record<string, { name: string; insecure: boolean }[]> // prettier-ignore
      return answer[what]!.map(({ name, insecure }) => `${name} ${insecure}`)
    }
    assert.deepEqual(await ask('sinks'), ['open true', 'closed false'])
    assert.deepEqual(await ask('devices'), ['careless true', 'careful false'])
  },
)

test('NODE_TLS_REJECT_UNAUTHORIZED=0 is not followed, and that is said', () => {
  const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  const { stderr, status } = spawnSync(process.execPath, ['src/main.ts', 'version'], { cwd: join(import.meta.dirname, '..'), env, encoding: 'utf8' }) // prettier-ignore
  assert.equal(status, 0)
  assert.match(stderr, /NODE_TLS_REJECT_UNAUTHORIZED=0 is not followed: certificates are checked all the same/)
})
