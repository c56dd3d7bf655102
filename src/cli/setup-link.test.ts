/** The link that the console shows can be opened, whatever the server listens on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setupLink } from './setup-link.ts'

const link = (url: string, host: string, hosts: readonly string[] = [], plain = false, addresses = ['10.0.0.5']) =>
  setupLink(url, { listen: { host, port: 8443 }, hosts, plain }, 'TOKEN', addresses)

test('an address of its own stays; one that stands for all becomes a name or an address of the machine', () => {
  assert.equal(link('http://127.0.0.1:8443', '127.0.0.1', ['gateway.plant']), 'http://127.0.0.1:8443/setup#TOKEN')
  assert.equal(link('https://10.0.0.9:8443', '10.0.0.9'), 'https://10.0.0.9:8443/setup#TOKEN')
  for (const [url, host] of [
    ['https://:8443', ''],
    ['https://0.0.0.0:8443', '0.0.0.0'],
    ['https://[::]:8443', '::'],
  ] as const) {
    assert.equal(link(url, host), 'https://10.0.0.5:8443/setup#TOKEN')
    assert.equal(link(url, host, ['gateway.plant']), 'https://gateway.plant:8443/setup#TOKEN')
    assert.equal(link(url, host, [], false, []), 'https://localhost:8443/setup#TOKEN')
  }
})

test('behind a proxy that speaks TLS, its name', () => {
  assert.equal(link('http://:8443', '', ['gateway.plant'], true), 'https://gateway.plant/setup#TOKEN')
})
