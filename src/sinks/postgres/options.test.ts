/** The options of the postgres sink: defaults, a sentence for each mistake; and what SQLSTATE codes lead to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../delivery/decide.ts'
import { parseServer, postgresOptions, usesTls } from './options.ts'
import { postgresError } from './reasons.ts'

const url = 'postgres://127.0.0.1/plant'
const username = 'gateway'

test('url and user are enough; TLS is on but for this machine', () => {
  const options = postgresOptions.parse({ url, username })
  assert.deepEqual([options.layout, options.schema, options.createSchema, options.insecure, options.tls], ['narrow', 'public', true, false, undefined]) // prettier-ignore
  assert.equal(usesTls(options), false)
  assert.equal(usesTls({ url: 'postgres://db.plant/x' }), true)
  assert.equal(usesTls({ url: 'postgres://[::1]/x' }), false)
  assert.equal(usesTls({ url: 'postgres://db.plant/x', tls: false }), false)
  assert.deepEqual(parseServer('postgresql://[::1]:5433/My%20db'), { host: '::1', port: 5433, database: 'My db' })
})

const MISTAKES: readonly (readonly [options: object, path: string, sentence: RegExp])[] = [
  [{ url: 'localhost' }, 'url', /is not a URL such as/],
  [{ url: 'mysql://h/x' }, 'url', /none of postgres:\/\//],
  [{ url: 'postgres://u:p@h/x' }, 'url', /as username and password/],
  [{ url: 'postgres://h' }, 'url', /names no database/],
  [{ url: 'postgres://h/x?sslmode=disable' }, 'url', /are options of the sink/],
  [{ url, username: undefined }, 'username', /./],
  [{ url, cert: 'a.pem', tls: true }, 'cert', /given together/],
  [{ url, ca: 'a.pem' }, 'tls', /certificates need tls: true/],
  [{ url, table: 'meters' }, 'table', /needs layout: wide/],
  [{ url, layout: 'wide', table: '{tag}' }, 'table', /no placeholder \{tag\}/],
  [{ url, shema: 'x' }, '', /shema/],
]

for (const [options, path, sentence] of MISTAKES) {
  test(`${JSON.stringify(options)} is refused at "${path}"`, () => {
    const { error } = postgresOptions.safeParse({ username, ...options })
    const issue = error?.issues.find((each) => each.path.join('.') === path)
    assert.match(issue?.message ?? JSON.stringify(error?.issues), sentence)
  })
}

/** PostgreSQL, Appendix A. */
const CODES: readonly (readonly [code: string, action: string])[] = [
  ['28P01', 'hold'],
  ['28000', 'hold'],
  ['3D000', 'hold'],
  ['42501', 'hold'],
  ['42601', 'hold'],
  ['53100', 'wait'],
  ['53200', 'wait'],
  ['53300', 'wait'],
  ['57P03', 'wait'],
  ['55P03', 'wait'],
  ['40P01', 'wait'],
  ['57P01', 'reconnect'],
  ['57014', 'reconnect'],
  ['25006', 'reconnect'],
  ['08006', 'reconnect'],
  ['42P01', 'reconnect'],
  ['22003', 'retry'],
  ['XX000', 'retry'],
]

for (const [code, action] of CODES) {
  test(`SQLSTATE ${code}: ${action}`, () => {
    const error = Object.assign(new Error('said the server'), { severity: 'ERROR', code })
    const explained = postgresError({ url, username, schema: 'public' }, error)
    assert.equal(decide(explained, 1).action, action)
    assert.match(explained.message, /said the server/)
  })
}
