/** What is shown of configuration files, and that what was not shown comes back to where it was, or not at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'yaml'
import { drivers } from '../../drivers/index.ts'
import { sinks } from '../../sinks/index.ts'
import { maskText } from './mask.ts'
import { restoreText } from './restore.ts'

interface Sink {
  readonly name: string
  readonly options: Readonly<Record<string, string>>
}

const CONTEXT = { drivers, sinks, secrets: [] as string[] }
const mask = (text: string, path = 'bifrost.yaml', secrets: string[] = []): string =>
  maskText(path, text, { ...CONTEXT, secrets }).text
const restore = (text: string, original: string | undefined, path = 'bifrost.yaml', secrets: string[] = []) =>
  restoreText(path, text, original, { ...CONTEXT, secrets })

const PLANT = `version: 1  # the plant
# password: old-hunter1
x-shared: &shared
  headers: { X-Site: north }
  token: &tok "hunter2-token"
devices:
  - name: press
    driver: opcua
    options: { endpoint: 'opc.tcp://10.0.0.5:4840', user: { name: anna, password: hunter3 } }   # password: \${OLD}
sinks:
  - { name: plant, sink: mqtt, options: { url: 'mqtt://bob:hunter4@10.0.0.9:1883', password: 'hunter5', clientId: x } }
  - name: cloud
    sink: http
    options:
      <<: *shared
      url: https://cloud.example
      signatureSecret: |
        hunter6
        second line
      tokenUrl: https://cloud.example/token
      clientSecret: \${secret:cloud}
  - name: mill
    sink: mqtt
    options: { url: 'mqtt://10.0.0.8', user: ann, password: '\${MILL:-hunter7}', passwordFile: /run/secrets/mill }
access: { oidc: { clientId: a, clientSecret: hunter8, issuer: 'https://sso.example' } }
receive: { listen: 7180, clients: [{ name: edge, token: hunter9 }] }
`

test('secrets by schema, merge, alias, name, URL and comment are masked; everything else is there byte for byte', () => {
  const shown = mask(PLANT)
  assert.doesNotMatch(shown, /hunter/)
  for (const part of [
    '# the plant',
    'X-Site: north',
    "'mqtt://bob:***@10.0.0.9:1883'",
    'clientSecret: ${secret:cloud}',
    'tokenUrl: https://cloud.example/token',
    '# password: ${OLD}',
    'passwordFile: /run/secrets/mill',
    'name: anna',
    '# password: ***',
  ])
    // prettier-ignore
    assert.ok(shown.includes(part), `${part} in\n${shown}`)
  const value = parse(shown, { merge: true })
  assert.equal(value.sinks[1].options.signatureSecret, '***')
  assert.equal(value.sinks[1].options.token, '***')
  assert.equal(value.receive.clients[0].token, '***')
})

test('a masked text that comes back is the same file again, moved and edited where it was edited', () => {
  const shown = mask(PLANT)
  assert.equal(parse(restore(shown, PLANT), { merge: true }).sinks[1].options.signatureSecret, 'hunter6\nsecond line\n')
  const back = restore(shown, PLANT).replace(
    JSON.stringify('hunter6\nsecond line\n'),
    '|\n        hunter6\n        second line',
  )
  assert.equal(back, PLANT)
  // The first sink is gone, the others stand elsewhere: nobody gets the password of another one.
  const without = shown.replace(/ {2}- \{ name: plant.*\n/, '').replace('10.0.0.8', '10.0.0.7')
  const value = parse(restore(without, PLANT), { merge: true })
  assert.deepEqual(value.sinks.map(({ name, options }: Sink) => [name, options.password, options.url]), [['cloud', undefined, 'https://cloud.example'], ['mill', '${MILL:-hunter7}', 'mqtt://10.0.0.7']]) // prettier-ignore
  assert.match(restore(without, PLANT), /# password: old-hunter1/)
  // The address of a URL is edited, its password stays.
  assert.match(
    restore(shown.replace('10.0.0.9:1883', '10.0.0.10:1884'), PLANT),
    /mqtt:\/\/bob:hunter4@10\.0\.0\.10:1884/,
  )
})

test('stars whose secret is not known are refused with their place', () => {
  const shown = mask(PLANT)
  for (const [changed, place] of [
    [shown.replace('name: plant', 'name: other'), /bifrost\.yaml:11:\d+: \*\*\* stands for a secret/],
    [`${shown}audit: {}\n`.replace('clientId: x', 'clientId: x, username: "***"'), undefined],
    [shown.replace('password: ${OLD}', 'nothing').replace('user: ann', 'user: "a:***@b"'), undefined],
    ['version: 1\nsinks: [{ name: new, sink: mqtt, options: { password: "***" } }]\n', /bifrost\.yaml:2:/],
    ['version: 1\nsinks: [{ name: new, sink: mqtt, options: { url: "mqtt://a:***@b" } }]\n', /bifrost\.yaml:2:/],
  ] as const) {
    if (place !== undefined) assert.throws(() => restore(changed, PLANT), place)
    else assert.doesNotThrow(() => restore(changed, PLANT))
  }
  assert.throws(() => restore('version: 1\nsinks: [{ name: plant, sink: mqtt, options: { password: "***" } }]\n', undefined), /bifrost\.yaml:2:/) // prettier-ignore
  // Three stars that nobody masked are three stars.
  const stars = 'version: 1\ndevices: [{ name: a, driver: modbus, area: "***" }]\n'
  assert.equal(restore(stars, stars), stars)
})

test('a secret does not come back to where it would be shown', () => {
  const shown = mask(PLANT)
  for (const [stands, instead] of [
    // The password of a URL that is none any more, and one that is a part of a word.
    ["'mqtt://bob:***@10.0.0.9:1883'", "'mqtt://***.example:1883'"],
    ["'mqtt://bob:***@10.0.0.9:1883'", "'mqtt://10.0.0.9/***'"],
  ] as const) {
    const changed = shown.replace(stands, instead)
    assert.notEqual(changed, shown, stands)
    assert.throws(() => restore(changed, PLANT), /bifrost\.yaml:11:\d+: \*\*\* stands for a secret/)
  }
  const csv = 'name,password\na,hunter1\n'
  assert.throws(() => restore('name,note\na,***\n', csv, 'meters.csv'), /meters\.csv:2:1/)
  // With a reference in the way of a URL it is one still.
  assert.doesNotThrow(() => restore(shown.replace('10.0.0.9:1883', '${HOST}/a@b'), PLANT))
})

test('CSV: columns called like secrets, secrets of the configuration anywhere, and URLs; rows may move and go', () => {
  const csv =
    'name,host,password,note\r\na,10.0.0.1,hunter1,x\r\nb,10.0.0.2,"hun""ter2",mqtt://u:hunter3@h\r\nc,10.0.0.3,${PW},sesam-open\r\n'
  const shown = mask(csv, 'meters.csv', ['sesam-open'])
  assert.doesNotMatch(shown, /hun|sesam/)
  assert.match(shown, /c,10\.0\.0\.3,\$\{PW\},\*\*\*/)
  assert.equal(restore(shown, csv, 'meters.csv', ['sesam-open']), csv)
  const [head, a, b, c] = shown.split('\r\n')
  const [, , wasB, wasC] = csv.split('\r\n')
  assert.equal(restore(`${head}\r\n${c}\r\n${b}\r\n`, csv, 'meters.csv', ['sesam-open']), `${csv.split('\r\n')[0]}\r\n${wasC}\r\n${wasB}\r\n`) // prettier-ignore
  assert.throws(() => restore(`${head}\r\n${a!.replace('10.0.0.1', '10.9.9.9')}\r\n`, csv, 'meters.csv'), /meters\.csv:2:1/) // prettier-ignore
})

test('what is no YAML is masked line by line, and stays what it is', () => {
  const broken =
    'sinks: [\n  password: hunter1\n  - {a: b\nurl: mqtt://a:hunter2@h\n  key:\n  secret: |\n    hunter3\n\n    hunter4\n  token:\n     hunter5\n  b: 1\n'
  assert.doesNotMatch(mask(broken), /hunter/)
  assert.match(mask(broken), /^ {2}b: 1$/m)
  assert.equal(restore('a: [***\n', PLANT), 'a: [***\n')
})

test('any secret, written in any style, is neither shown nor lost', () => {
  const secret = fc.string({ minLength: 5, maxLength: 30 }).filter((text) => !text.includes('***') && !text.includes('${') && text.trim() !== '') // prettier-ignore
  fc.assert(
    fc.property(secret, fc.constantFrom('double', 'single', 'block'), (text, style) => {
      const hidden = `Q7${text.replace(/[\r\n\u0085\u2028\u2029]/g, ' ')}7Q`
      const written = style === 'double' ? JSON.stringify(hidden) : style === 'single' ? `'${hidden.replaceAll("'", "''")}'` : `|-\n        ${hidden}` // prettier-ignore
      const file = `version: 1\nsinks:\n  - name: a\n    sink: mqtt\n    options:\n      password: ${written}\n      clientId: b\n`
      const shown = mask(file)
      assert.ok(!shown.includes('Q7'), shown)
      assert.deepEqual(parse(restore(shown, file)), parse(file))
    }),
    { numRuns: 200 },
  )
})
