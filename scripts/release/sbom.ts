/**
 * The bill of materials in CycloneDX 1.6 (ECMA-424): what is really in the product, with the hashes of the lock file, and Node.
 * Nothing in it depends on the machine or the hour.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { BuildFacts } from './build-facts.ts'
import type { ThirdParty } from './third-parties.ts'

const ROOT = join(import.meta.dirname, '..', '..')

interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

/** The document as text. */
export function sbom(facts: BuildFacts, parties: readonly ThirdParty[]): string {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const product = `pkg:npm/bifrost-gateway@${facts.version}`
  const lockPath = ({ folder }: ThirdParty) => relative(ROOT, folder)
  const refOf = new Map(parties.map((party) => [lockPath(party), purl(party.name, party.version)]))
  const node = `pkg:generic/node@${facts.node}`
  const components = [...new Map(parties.map((party) => [purl(party.name, party.version), party]))].map(
    ([ref, party]) => {
      const integrity = packages[lockPath(party)]?.integrity
      return {
        type: 'library',
        'bom-ref': ref,
        name: party.name,
        version: party.version,
        scope: 'required',
        ...(integrity === undefined ? {} : { hashes: [hashOf(integrity)] }),
        licenses: licences(party.licence),
        purl: ref,
        properties: party.used.map((value) => ({ name: 'bifrost:used', value })),
      }
    },
  )
  const nodes = (['x64', 'arm64'] as const).map((arch) => packages[`node_modules/node-linux-${arch}`]!.integrity!)
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      timestamp: facts.builtAt,
      tools: { components: [{ type: 'application', name: 'scripts/release', version: facts.version }] },
      component: {
        type: 'application',
        'bom-ref': product,
        name: 'bifrost-gateway',
        version: facts.version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        purl: product,
        properties: [{ name: 'bifrost:commit', value: facts.commit }],
      },
    },
    components: [
      ...components,
      {
        type: 'platform',
        'bom-ref': node,
        name: 'node',
        version: facts.node,
        hashes: nodes.map(hashOf),
        licenses: [{ license: { name: 'Node.js, and the licences of what it contains (node/LICENSE)' } }],
        purl: node,
        properties: [
          {
            name: 'bifrost:used',
            value: 'in tarballs, executables, Debian packages and the image; not in the npm package',
          },
        ],
      },
    ],
    dependencies: [
      { ref: product, dependsOn: [...new Set([...directOf(packages, refOf), node])].sort() },
      ...[...refOf]
        .map(([path, ref]) => ({ ref, dependsOn: dependenciesOf(path, packages, refOf) }))
        .filter(firstOfRef()),
      { ref: node },
    ],
  }
  const digest = createHash('sha256').update(JSON.stringify(document)).digest('hex')
  const uuid = `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-8${digest.slice(17, 20)}-${digest.slice(20, 32)}`
  return `${JSON.stringify({ ...document, serialNumber: `urn:uuid:${uuid}` }, null, 2)}\n`
}

function directOf(packages: Record<string, Locked>, refOf: ReadonlyMap<string, string>): string[] {
  const { dependencies = {}, devDependencies = {} } = packages[''] as Locked & {
    devDependencies?: Record<string, string>
  }
  return Object.keys({ ...dependencies, ...devDependencies }).flatMap((name) => refOf.get(`node_modules/${name}`) ?? [])
}

/** As Node finds them: the nearest node_modules upwards. What is not in the product is left out. */
function dependenciesOf(path: string, packages: Record<string, Locked>, refOf: ReadonlyMap<string, string>): string[] {
  const found = Object.keys(packages[path]?.dependencies ?? {}).flatMap((name) => {
    for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
      const candidate = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
      if (candidate in packages) return refOf.get(candidate) ?? []
      if (at === '') return []
    }
  })
  return [...new Set(found)].sort()
}

/** Two copies of one version are one component. */
function firstOfRef(): (one: { ref: string }) => boolean {
  const seen = new Set<string>()
  return ({ ref }) => !seen.has(ref) && seen.add(ref) !== undefined
}

/** https://github.com/package-url/purl-spec, type npm. */
const purl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`

function hashOf(integrity: string): { alg: string; content: string } {
  const [kind, base64] = integrity.split(' ')[0]!.split('-') as [string, string]
  return { alg: { sha512: 'SHA-512', sha1: 'SHA-1' }[kind]!, content: Buffer.from(base64, 'base64').toString('hex') }
}

function licences(text: string): object[] {
  if (/\s(AND|OR|WITH)\s/.test(text)) return [{ expression: text }]
  return [{ license: KNOWN.has(text) ? { id: text } : { name: text } }]
}

const KNOWN = new Set([
  'MIT',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'Zlib',
  'MPL-2.0',
  'BlueOak-1.0.0',
  'CC0-1.0',
])
