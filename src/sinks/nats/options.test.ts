/** The options of the nats sink and its subjects: defaults, and a sentence for each mistake. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TagInfo } from '../../core/tags.ts'
import { natsOptions, parseServer } from './options.ts'
import { nats } from './sink.ts'
import { filterOf, parseSubject, rootOf, subjectOf, type Dots } from './subject.ts'

const servers = ['nats://127.0.0.1']

test('servers are enough', () => {
  const options = natsOptions.parse({ servers })
  assert.deepEqual(
    [options.subject, options.delivery, options.payload, options.dots, options.window, options.createStream, options.tls],
    ['bifrost.{device}.{tag}', 'jetstream', 'uns-json', 'replace', 2000, undefined, false],
  ) // prettier-ignore
})

const MISTAKES: readonly (readonly [options: object, path: string, sentence: RegExp])[] = [
  [{ servers: [] }, 'servers', /./],
  [{ servers: ['http://a'] }, 'servers.0', /neither nats:\/\/ nor tls/],
  [{ servers: ['nats://u:p@a'] }, 'servers.0', /as username and password/],
  [{ servers: ['nats://a/b'] }, 'servers.0', /no server such as/],
  [{ servers, subject: 'a b.{tag}' }, 'subject', /may not contain " "/],
  [{ servers, subject: 'a.*' }, 'subject', /may not contain "\*"/],
  [{ servers, subject: 'a..{tag}' }, 'subject', /empty token/],
  [{ servers, subject: '.{tag}' }, 'subject', /empty token/],
  [{ servers, subject: '$SYS.{tag}' }, 'subject', /may not begin with \$/],
  [{ servers, subject: '{client}' }, 'subject', /no placeholder \{client\}/],
  [{ servers, payload: 'neuron-tags' }, 'payload', /neither a preset \(uns-json, .*\) nor a template/],
  [{ servers, ca: 'a' }, 'tls', /certificates need tls: true/],
  [{ servers, insecure: true }, 'tls', /without tls: true/],
  [{ servers, tls: true, cert: 'a' }, 'cert', /given together/],
  [{ servers, password: 'a' }, 'password', /needs a username/],
  [{ servers, username: 'a', token: 'b' }, 'username', /give one of/],
  [{ servers, delivery: 'core', createStream: { name: 'A' } }, 'createStream', /needs delivery: jetstream/],
  [{ servers, delivery: 'core', stream: 'A' }, 'stream', /needs delivery: jetstream/],
  [{ servers, stream: 'B', createStream: { name: 'A' } }, 'stream', /another one than createStream makes/],
  [{ servers, createStream: { name: 'a.b' } }, 'createStream.name', /without spaces, dots/],
  [{ servers, subject: '{device}.x', createStream: { name: 'A' } }, 'createStream', /needs subjects/],
  [{ servers, inboxPrefix: 'a.>' }, 'inboxPrefix', /no wildcards/],
  [{ servers, retries: 3 }, '', /retries/],
]
for (const [options, path, sentence] of MISTAKES) {
  test(`${JSON.stringify(options)} is refused at "${path}"`, () => {
    const { error } = natsOptions.safeParse(options)
    const issue = error?.issues.find((each) => each.path.join('.') === path)
    assert.match(issue?.message ?? JSON.stringify(error?.issues), sentence)
  })
}

test('servers by name, by address of either kind, with and without port and scheme', () => {
  assert.deepEqual(['a', 'a:5000', 'nats://10.0.0.1:4223', 'tls://[::1]:4224'].map(parseServer), [
    { host: 'a', port: 4222, tls: false },
    { host: 'a', port: 5000, tls: false },
    { host: '10.0.0.1', port: 4223, tls: false },
    { host: '::1', port: 4224, tls: true },
  ])
})

const SUBJECTS: readonly (readonly [template: string, device: string, tag: string, dots: Dots, subject: string])[] = [
  ['bifrost.{device}.{tag}', 'press-1', 'level', 'replace', 'bifrost.press-1.level'],
  ['{device}.{tag}', 'p', 'a.b c', 'replace', 'p.a_b_c'],
  ['{device}.{tag}', 'p', 'a.b c', 'levels', 'p.a.b_c'],
  ['{device}.{tag}', 'p', '.a..b.', 'levels', 'p._.a._.b._'],
  ['{device}.{tag}', 'p', '*>\t\u0000\u0085', 'levels', 'p._____'],
  ['{device}.{tag}', '$SYS', '', 'replace', '_SYS._'],
  ['{device}.{tag}', 'Öfen', '温度/🌡', 'replace', 'Öfen.温度/🌡'],
  ['{device}.{tag}', 'p', 'a\u2003b\uD800', 'replace', 'p.a_b\uFFFD'],
]
for (const [template, device, tag, dots, subject] of SUBJECTS) {
  test(`subject ${template} of ${JSON.stringify(device)} ${JSON.stringify(tag)} with ${dots}: ${subject}`, () => {
    const info = { device, settings: { name: tag } } as TagInfo
    assert.equal(subjectOf(parseSubject(template), info, 'k3f9', dots), subject)
  })
}

test('what a stream must take for a template', () => {
  const filter = (text: string, dots: Dots = 'replace') => filterOf(parseSubject(text), dots)
  assert.deepEqual(
    [filter('a.{device}.{tag}'), filter('a.{device}-{tag}.b'), filter('a.b'), filter('a.{device}.{tag}', 'levels'), filter('{tag}', 'levels')],
    ['a.*.*', 'a.*.b', 'a.b', 'a.>', '>'],
  ) // prettier-ignore
  assert.deepEqual(['a.{device}', 'a.b{device}', '{device}', 'a.b'].map(rootOf), ['a.', 'a.', '', 'a.b.'])
})

test('tags that would share a subject are named', () => {
  const tags = [{ device: 'p', name: 'a.b' }, { device: 'p', name: 'a_b' }, { device: 'p', name: 'c' }] // prettier-ignore
  const conflicts = (options: object) => nats.conflicts!(natsOptions.parse({ servers, ...options }), tags)
  assert.deepEqual(conflicts({}), ['"p/a.b" and "p/a_b" would share the subject "bifrost.p.a_b"'])
  assert.deepEqual(conflicts({ dots: 'levels' }), [])
  assert.equal(conflicts({ subject: 'plant.{device}' }).length, 2)
  assert.match(nats.conflicts!(natsOptions.parse({ servers }), [{ device: 'x'.repeat(4000), name: 'a' }]).join(), /longer than 3500/) // prettier-ignore
})
