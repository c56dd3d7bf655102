import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseListen, reachFault, type Reach } from './listen.ts'

test('reads host and port, IPv6 in brackets, and a bare port', () => {
  assert.deepEqual(parseListen('127.0.0.1:8080'), { host: '127.0.0.1', port: 8080 })
  assert.deepEqual(parseListen('[::1]:0'), { host: '::1', port: 0 })
  assert.deepEqual(parseListen('localhost:80'), { host: 'localhost', port: 80 })
  assert.deepEqual(parseListen('9000'), { host: '127.0.0.1', port: 9000 })
  assert.deepEqual(parseListen(':8080'), { host: '', port: 8080 })
})

test('what is no address is none', () => {
  for (const text of ['', 'localhost', '::1:80', '127.0.0.1:70000', '127.0.0.1:http', 'http://127.0.0.1:80'])
    assert.equal(parseListen(text), undefined, text)
})

const fault = (text: string, reach: Partial<Reach> = {}) =>
  reachFault(parseListen(text)!, { access: 'accounts', tls: false, plain: false, ...reach })

test('what the network can reach wants accounts, and TLS or a word that it ends elsewhere; the sentence has the way out', () => {
  for (const text of [
    '0.0.0.0:80',
    ':80',
    '[::]:80',
    '10.0.0.5:80',
    'plant.example.com:80',
    '128.0.0.1:80',
    '127.0.0.1.example.com:80',
    '1270.0.0.1:80',
  ]) {
    assert.match(fault(text) ?? '', /can be reached from the network, and passwords .*http\.tls.*listen on 127/, text)
    assert.equal(fault(text, { tls: true }), undefined, text)
    assert.equal(fault(text, { plain: true }), undefined, text)
    for (const more of [{ tls: true }, { plain: true }, {}])
      assert.match(fault(text, { access: 'open', ...more }) ?? '', /asks nobody who they are: listen on 127/, text)
  }
  for (const text of ['127.0.0.1:80', '127.1.2.3:80', '[::1]:80', 'localhost:80', '9000'])
    for (const access of ['accounts', 'open'] as const) assert.equal(fault(text, { access }), undefined, text)
})
