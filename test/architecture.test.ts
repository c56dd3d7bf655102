/**
 * The walls of the one package: reads every import under src/ and fails with the sentence of the rule that was broken.
 * The rules are those of CONTRIBUTING.md; changing one is a decision and belongs in docs/decisions/.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'

interface Rule {
  /** Path prefixes under src/ that a file of this folder may import, besides its own folder. */
  readonly may: readonly string[]
  readonly says: string
}

const SINKS_AND_DRIVERS = 'config sees plug-ins only through the registries'
const RULES: Record<string, Rule> = {
  core: { may: [], says: 'core imports nothing but zod: it is the words that every part speaks' },
  wire: { may: ['core/'], says: 'wire imports core only' },
  protocols: { may: ['wire/', 'core/'], says: 'a protocol is a library: it knows bytes, not tags or the gateway' },
  drivers: { may: ['core/', 'protocols/', 'wire/'], says: 'a driver imports core, protocols and wire' },
  polling: { may: ['core/', 'wire/backoff.ts'], says: 'polling sees drivers only through core/driver.ts' },
  pipeline: { may: ['core/'], says: 'pipeline imports core only' },
  store: { may: ['core/'], says: 'store imports core only' },
  delivery: { may: ['core/', 'wire/backoff.ts'], says: 'delivery sees sinks only through core/sink.ts' },
  formats: { may: ['core/'], says: 'formats of files are made of samples alone: exports and sinks write the same' },
  sinks: {
    may: ['core/', 'wire/', 'formats/', 'protocols/'],
    says: 'a sink imports core, connections from wire, formats of files, and its own client library or one of protocols',
  },
  ingest: {
    may: [
      'core/',
      'protocols/bifrost-link/',
      'wire/certificates/',
      'store/store.ts',
      'store/learned.ts',
      'store/files.ts',
    ],
    says: 'what other gateways send comes in here: ingest imports core, the link, its certificates, and the store that it fills',
  },
  alerts: {
    may: ['core/', 'wire/', 'sinks/mqtt-client/'],
    says: 'alerts are judged by facts that the gateway hands in: they know people to tell, not the parts that fail',
  },
  secrets: { may: ['core/'], says: 'secrets at rest need the words of core alone' },
  audit: {
    may: ['core/', 'secrets/', 'store/files.ts'],
    says: 'the audit log records what others did: it knows files and the key that signs, and nothing of devices',
  },
  commands: {
    may: ['core/', 'polling/', 'store/', 'pipeline/', 'delivery/', 'wire/certificates/'],
    says: 'commands go back through polling and compare with the store; those about certificates change their folder',
  },
  parameters: {
    may: ['core/', 'commands/commands.ts', 'commands/parameter-write.ts', 'store/files.ts'],
    says: 'parameters know no protocol: they read through the session of a device, and write through commands only',
  },
  accounts: { may: ['core/'], says: 'accounts know people, not what the gateway reads: core only' },
  gateway: {
    may: [
      'core/',
      'accounts/',
      'alerts/',
      'audit/',
      'commands/',
      'config/',
      'delivery/',
      'observe/',
      'pipeline/',
      'polling/',
      'store/',
    ],
    says: 'parts of gateway.ts in files of their own: how devices and sinks are wired, and how that changes while it runs',
  },
  backup: {
    may: ['core/', 'formats/', 'store/copy/', 'store/files.ts', 'store/lock.ts', 'delivery/dead-letter-files.ts'],
    says: 'a backup is made of files: what they mean is known elsewhere, and the store and the dead letters say how theirs are copied',
  },
  kpi: { may: ['core/'], says: 'figures are made of stored samples and of what polling tells: core only' },
  report: { may: ['core/'], says: 'a report is made from what Prometheus says, not from the gateway' },
  release: {
    may: ['core/'],
    says: 'a release is files, hashes and signatures: it must be checked without the rest of the program',
  },
  discovery: { may: ['core/'], says: 'a scan sees drivers only through core/driver.ts' },
  config: {
    may: ['core/', 'drivers/index.ts', 'sinks/index.ts', 'alerts/receivers.ts', 'alerts/receivers/webhook.ts'],
    says: SINKS_AND_DRIVERS,
  },
  importers: { may: ['core/'], says: 'an importer knows the files of others and our words, not our drivers' },
  observe: {
    may: ['core/', 'gateway.ts', 'polling/session.ts', 'delivery/runner.ts', 'store/store.ts'],
    says: 'observe imports core; what the gateway and its parts show, only as types',
  },
  tracing: {
    may: ['core/', 'wire/http/'],
    says: 'tracing records what others did by the seam core/spans.ts, and sends it over connections of wire',
  },
  http: {
    may: [
      'core/',
      'gateway.ts',
      'accounts/',
      'alerts/',
      'observe/',
      'audit/',
      'commands/',
      'parameters/',
      'config/',
      'formats/',
      'store/',
      'polling/',
      'delivery/',
      'ingest/',
      'wire/certificates/',
      'backup/',
      'discovery/',
      'drivers/index.ts',
      'sinks/index.ts',
      'importers/sheet.ts',
    ],
    says: 'http talks to the gateway and shows what its parts say',
  },
  cli: {
    may: [
      'core/',
      'wire/',
      'gateway.ts',
      'observe/',
      'config/',
      'discovery/',
      'http/',
      'importers/',
      'release/',
      'report/',
      'backup/',
      'drivers/index.ts',
      'sinks/index.ts',
    ],
    says: 'the command line starts the gateway or talks to one; it does not reach into its parts',
  },
}

/** Folders that nobody but the named ones may import. */
const SEEN_ONLY_BY: Record<string, readonly string[]> = {
  http: ['cli', 'main.ts'],
  cli: ['main.ts'],
  alerts: ['gateway.ts', 'gateway', 'http', 'config'],
  audit: ['gateway.ts', 'gateway', 'http'],
  secrets: ['gateway.ts', 'accounts', 'audit', 'config'],
  commands: ['gateway.ts', 'gateway', 'http', 'parameters'],
  parameters: ['gateway.ts', 'http'],
  gateway: ['gateway.ts'],
  accounts: ['gateway.ts', 'gateway', 'http'],
  ingest: ['gateway.ts', 'http'],
  tracing: ['gateway.ts'],
  kpi: ['gateway.ts'],
}

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g
const src = join(import.meta.dirname, '..', 'src')
const files = globSync('**/*.ts', { cwd: src }).filter(
  (file) => !file.endsWith('.test.ts') && !file.startsWith('testing/'),
)

interface Import {
  readonly from: string
  readonly to: string
}

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(join(src, from), 'utf8').matchAll(IMPORT)].map((match) => ({ from, to: target(from, match[1]!) })),
)

function target(from: string, specifier: string): string {
  return specifier.startsWith('.') ? relative(src, join(src, dirname(from), specifier)) : specifier
}

const folderOf = (file: string): string => file.split('/')[0]!
const plugInOf = (path: string): string => path.split('/').slice(0, 2).join('/')
const isOurs = (path: string): boolean => /\.tsx?$/.test(path)

test('there is something to judge', () => {
  assert.ok(files.length > 20, `only ${files.length} files found under src/`)
  assert.ok(imports.length > 50)
})

for (const [folder, rule] of Object.entries(RULES)) {
  test(`${folder}: ${rule.says}`, () => {
    const broken = imports
      .filter(({ from, to }) => folderOf(from) === folder && isOurs(to) && folderOf(to) !== folder)
      .filter(({ to }) => !rule.may.some((allowed) => to.startsWith(allowed)))
    assert.deepEqual(
      broken.map(({ from, to }) => `${from} imports ${to}`),
      [],
      rule.says,
    )
  })
}

for (const [folder, seers] of Object.entries(SEEN_ONLY_BY)) {
  test(`${folder} is imported only by ${seers.join(', ')}`, () => {
    const broken = imports.filter(({ from, to }) => {
      return isOurs(to) && folderOf(to) === folder && ![folder, ...seers].includes(folderOf(from))
    })
    assert.deepEqual(
      broken.map(({ from, to }) => `${from} imports ${to}`),
      [],
    )
  })
}

test('observe sees the gateway and its parts only as types', () => {
  const broken = files
    .filter((file) => folderOf(file) === 'observe')
    .filter((file) =>
      /^import (?!type)[^']*from '\.\.\/(gateway|polling|delivery|store)/m.test(readFileSync(join(src, file), 'utf8')),
    )
  assert.deepEqual(broken, [])
})

test('node:http comes through core/node-http, which says why', () => {
  const broken = files
    .filter((file) => file !== 'core/node-http.ts')
    .filter((file) => /^import (?!type)[^']*from 'node:http'/m.test(readFileSync(join(src, file), 'utf8')))
  assert.deepEqual(broken, [])
})

test('one protocol, driver or sink does not reach into another', () => {
  const broken = imports.filter(({ from, to }) => {
    if (!['protocols', 'drivers', 'sinks'].includes(folderOf(from)) || folderOf(from) !== folderOf(to)) return false
    if (from.split('/').length < 3 || to.startsWith('sinks/encode/') || to.startsWith('sinks/mqtt-client/'))
      return false
    return plugInOf(from) !== plugInOf(to)
  })
  assert.deepEqual(
    broken.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})

test('test support is imported only by tests', () => {
  const broken = imports.filter(({ to }) => folderOf(to) === 'testing')
  assert.deepEqual(
    broken.map(({ from, to }) => `${from} imports ${to}`),
    [],
  )
})

test('core uses no package but zod', () => {
  const broken = imports.filter(
    ({ from, to }) => folderOf(from) === 'core' && !isOurs(to) && !to.startsWith('node:') && to !== 'zod',
  )
  assert.deepEqual(broken, [])
})

test('heavy libraries are loaded on first use, not at start', () => {
  const heavy = ['mqtt', 'nodemailer', 'croner', 're2js', 'aedes', 'jose', 'openid-client', 'node:sqlite']
  const broken = files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8')
    return heavy
      .filter((name) => new RegExp(`^import (?!type)[^']*from '${name}'`, 'm').test(text))
      .map((name) => `${file} imports ${name} at start`)
  })
  assert.deepEqual(broken, [])
})

test('files are short and their names say something', () => {
  const long = files.filter((file) => readFileSync(join(src, file), 'utf8').split('\n').length > 401)
  assert.deepEqual(long, [], 'over 400 lines: split the connection lifecycle out first')
  const vague = files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)\.ts$/.test(file))
  assert.deepEqual(vague, [], 'the name explains nothing')
})

test('there are no barrels but the registries and the entry of each library', () => {
  const indexes = files.filter((file) => file.endsWith('index.ts'))
  const allowed = /^(core|drivers|importers|sinks|pipeline|protocols\/[^/]+)\/index\.ts$/
  assert.deepEqual(
    indexes.filter((file) => !allowed.test(file)),
    [],
  )
})
