/** The options of the redis sink: defaults, a sentence for each mistake; keys that meet; and what error replies lead to. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from '../../delivery/decide.ts'
import { parseServer, redisOptions } from './options.ts'
import { RedisReply, replyError } from './reasons.ts'
import { redis } from './sink.ts'

const url = 'redis://127.0.0.1'

test('a url is enough', () => {
  const options = redisOptions.parse({ url })
  assert.deepEqual([options.stream, options.latest, options.channel, options.maxLength, options.ids, options.insecure], ['bifrost:samples:{device}', 'bifrost:latest:{device}', '', 100_000, 'seq', false]) // prettier-ignore
  assert.deepEqual(parseServer('rediss://[::1]:7000/2'), { host: '::1', port: 7000, database: 2, secure: true })
})

const MISTAKES: readonly (readonly [options: object, path: string, sentence: RegExp])[] = [
  [{ url: 'localhost' }, 'url', /is not a URL such as/],
  [{ url: 'http://x' }, 'url', /none of redis:\/\//],
  [{ url: 'redis://u:p@h' }, 'url', /as username and password/],
  [{ url: 'redis://h/plant' }, 'url', /a database is a number/],
  [{ url, stream: '{tga}' }, 'stream', /no placeholder \{tga\}/],
  [{ url, stream: '', latest: '' }, 'stream', /nothing would be sent/],
  [{ url, stream: 'x', latest: 'x' }, 'stream', /keys of their own/],
  [{ url, username: 'u' }, 'username', /needs a password/],
  [{ url, cert: 'a.pem' }, 'cert', /given together/],
  [{ url, ca: 'a.pem' }, 'url', /certificates need rediss/],
  [{ url, waitTimeout: '40s' }, 'waitTimeout', /shorter than replyTimeout/],
  [{ url, maxlength: 1 }, '', /maxlength/],
]

for (const [options, path, sentence] of MISTAKES) {
  test(`${JSON.stringify(options)} is refused at "${path}"`, () => {
    const { error } = redisOptions.safeParse(options)
    const issue = error?.issues.find((each) => each.path.join('.') === path)
    assert.match(issue?.message ?? JSON.stringify(error?.issues), sentence)
  })
}

test('keys that two would share are named', () => {
  const tags = [{ device: 'a:b', name: 'c' }, { device: 'a', name: 'b:c' }, { device: 'latest:a', name: 'x' }] // prettier-ignore
  const conflicts = (options: object) => redis.conflicts!(redisOptions.parse({ url, ...options }), tags)
  assert.deepEqual(conflicts({}), [])
  assert.deepEqual(conflicts({ stream: 'all' }), [])
  assert.deepEqual(conflicts({ stream: '{device}:{tag}', latest: '' }), [
    '"a:b/c" and "a/b:c" would share the key "a:b:c"',
  ])
  assert.deepEqual(conflicts({ stream: 'bifrost:{device}' }), ['the stream of "latest:a" and the hash of "a" would share the key "bifrost:latest:a"']) // prettier-ignore
  assert.deepEqual(conflicts({ gapStream: 'bifrost:samples:a' }), ['the samples of "a" and the gaps would share the key "bifrost:samples:a"']) // prettier-ignore
})

const REPLIES: readonly (readonly [reply: string, action: string])[] = [
  ['NOAUTH Authentication required.', 'hold'],
  ['WRONGPASS invalid username-password pair or user is disabled.', 'hold'],
  ["NOPERM this user has no permissions to run the 'xadd' command", 'hold'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'hold'],
  ['MOVED 3999 127.0.0.1:6381', 'hold'],
  ["ERR unknown command 'XADD'", 'hold'],
  ['OOM command not allowed when used memory > maxmemory.', 'wait'],
  ['LOADING Redis is loading the dataset in memory', 'wait'],
  ['BUSY Redis is busy running a script.', 'wait'],
  ['MISCONF Errors writing to the AOF file', 'wait'],
  ['CLUSTERDOWN Hash slot not served', 'wait'],
  ['ERR max number of clients reached', 'wait'],
  ["READONLY You can't write against a read only replica.", 'reconnect'],
  ['ERR Protocol error: invalid bulk length', 'retry'],
]

for (const [text, action] of REPLIES) {
  test(`the reply "${text}": ${action}`, () => {
    const error = replyError(url, new RedisReply(text), 'XADD', 'some key', 'gateway')
    assert.equal(decide(error, 1).action, action)
    if (text.startsWith('WRONGTYPE')) assert.match(error.message, /"some key"/)
  })
}
