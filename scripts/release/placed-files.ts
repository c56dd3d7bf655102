/**
 * Files that packages read from beside themselves, and where they lie in the product. A package that asks for its own place and
 * is not listed here fails the build: it would fail on the customer's machine otherwise.
 */
interface Placed {
  /** The file that asks, below node_modules. */
  readonly asks: string
  /** The expression that stands for its folder there: below `share` of the product. */
  readonly folder: string
}

/** In a chunk of the product: all chunks with code of packages lie in `dist/`. */
const PLACED: readonly Placed[] = [
  { asks: '@fastify/swagger-ui/index.js', folder: 'vendor/swagger-ui' },
  { asks: '@fastify/swagger-ui/lib/routes.js', folder: 'vendor/swagger-ui/lib' },
  { asks: '@serialport/bindings-cpp/dist/serialport-bindings.js', folder: 'vendor/serialport/dist' },
  { asks: 'node-opcua-nodesets/dist/nodeset_nodejs.js', folder: 'vendor/opcua-nodesets/dist' },
  { asks: 'node-opcua-pki/dist/lib/ca/crypto_create_CA.js', folder: 'vendor/opcua-pki/dist/lib/ca' },
  { asks: 'node-opcua-server/dist/opcua_server.js', folder: 'vendor/opcua-server/dist' },
]

/** Ask for their place and do without: never on a way that the product takes. */
const HARMLESS = [
  '@fastify/swagger/lib/util/read-package-json.js', // catches what is missing; we name title and version
  'pino/lib/transport.js', // transports run in worker threads; the gateway has none
  'thread-stream/index.js',
  'node-opcua-crypto/dist/source_nodejs/read.js', // certificates for its own tests
  'node-opcua-debug/dist/make_loggers.js', // a word in a debug line
  'node-opcua-address-space/distNodeJS/generate_address_space.js', // its version, in the head of images that we don't write
  'node-opcua-debug/distNodeJS/get_temp_filename.js', // for its own tests
  'node-opcua-types/dist/generate.js', // makes its own source
  '@platformatic/kafka/dist/protocol/crc32c.js', // an optional faster CRC
  '@platformatic/kafka/dist/registries/confluent-schema-registry.js',
]

const ASKS = /\bimport\.meta\.(?:url|dirname|filename)\b|\b__dirname\b|\b__filename\b/

/** The code of a package's file with its place in the product; throws for one that nobody has thought about. */
export function placesOf(file: string, code: string): string {
  const bare = code.replaceAll(/\/\*[^]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '')
  if (!ASKS.test(bare) || HARMLESS.includes(file)) return code
  const placed = PLACED.find(({ asks }) => asks === file)
  if (placed === undefined)
    throw new Error(`${file} looks for files beside itself; say in scripts/release/placed-files.ts where`)
  const folder = `(process.getBuiltinModule('node:path').join(import.meta.dirname, '..', 'share', '${placed.folder}'))`
  const name = `(process.getBuiltinModule('node:path').join(${folder}, '${file.split('/').at(-1)}'))`
  return code
    .replaceAll(/const __(?:dirname|filename) = .*$/gm, '')
    .replaceAll(/\bimport\.meta\.dirname\b|\b__dirname\b/g, () => folder)
    .replaceAll(/\b__filename\b/g, () => name)
}

/** What of which package goes where, below `share`. */
export const COPIED: readonly { readonly from: string; readonly to: string; readonly only?: RegExp }[] = [
  { from: '@fastify/swagger-ui/static', to: 'vendor/swagger-ui/static' },
  { from: '@serialport/bindings-cpp/prebuilds', to: 'vendor/serialport/prebuilds', only: /^linux-(x64|arm64)(\/|$)/ },
  { from: 'node-opcua-nodesets/nodesets', to: 'vendor/opcua-nodesets/nodesets', only: /^Opc\.Ua\.(NodeSet2|Di)/ },
  { from: 'node-opcua-server/package.json', to: 'vendor/opcua-server/package.json' },
]
