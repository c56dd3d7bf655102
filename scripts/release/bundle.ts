/**
 * The program as a few files of JavaScript that need no node_modules: src/main.ts, the workers and the simulators are entries, each
 * `import()` stays a chunk of its own, so that heavy libraries are read when something needs them. Packages that look for files
 * beside themselves are told where those lie in the product (./placed-files.ts); one that is not known here fails the build.
 */
import { globSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'
import { packagesOf } from './packages-of.ts'
import { placesOf } from './placed-files.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** What a check loads without being able to wait: a chunk of its own that `require` can read (Node 22.12 and newer). */
const REQUIRED_LATER = ['re2js', 'croner']
/** Name in the product → file that runs as a worker. */
const WORKERS = {
  'opcua-client-worker': 'src/drivers/opcua/worker/main.ts',
  'opcua-server-worker': 'src/sinks/opcua-server/worker/main.ts',
  'render-worker': 'src/config/live/render-worker.ts',
}

/** What programs import from the package (`exports` of package.json). */
export const EXPORTS = { core: 'src/core/index.ts', modbus: 'src/protocols/modbus/index.ts' }

export interface Bundled {
  /** Files of the bundle, relative to the folder, in order. */
  readonly files: readonly string[]
  /** Folders of packages that something in the bundle came from, in order. */
  readonly packages: readonly string[]
}

/** Writes the bundle into the folder. */
export async function bundle(folder: string): Promise<Bundled> {
  const simulators = globSync('*.ts', { cwd: join(ROOT, 'simulators') }).filter((name) => !name.endsWith('.test.ts'))
  const built = await rolldown({
    cwd: ROOT,
    input: {
      main: 'src/main.ts',
      ...EXPORTS,
      ...WORKERS,
      ...Object.fromEntries(REQUIRED_LATER.map((name) => [name, name])),
      ...Object.fromEntries(simulators.map((name) => [`simulators/${basename(name, '.ts')}`, `simulators/${name}`])),
    },
    platform: 'node',
    resolve: {
      alias: { '@platformatic/wasm-utils': join(ROOT, 'node_modules/@platformatic/wasm-utils/dist/bundled.js') },
    },
    external: [/^node:/, ...OPTIONAL],
    plugins: [ours(), theirs()],
    onLog(level, log, tell) {
      if (log.code === 'UNRESOLVED_IMPORT') throw new Error(log.message)
      if (level === 'warn' && !QUIET.has(log.code ?? '')) tell(level, log)
    },
  })
  const { output } = await built.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    minify: { mangle: false, compress: false, codegen: { removeWhitespace: true } },
    keepNames: true,
  })
  await built.close()
  const modules = output.flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
  return { files: output.map(({ fileName }) => fileName).sort(), packages: packagesOf(modules) }
}

/** Looked for by packages that do without. */
const OPTIONAL = [
  'pg-native',
  'bufferutil',
  'utf-8-validate',
  '@node-rs/crc32',
  'qlobber-native',
  'cloudflare:sockets',
  'undici',
  'proper-lockfile', // locks between processes that share a folder of certificates: ours has one owner
]
const QUIET = new Set(['EVAL', 'COMMONJS_VARIABLE_IN_ESM', 'INEFFECTIVE_DYNAMIC_IMPORT'])

/** Our own sources: workers by their place in the product, and what is required later. */
function ours(): Plugin {
  const places = new Map(Object.entries(WORKERS).map(([name, file]) => [join(ROOT, file), `./${name}.js`]))
  return {
    name: 'ours',
    transform(code, id) {
      // Entries here, and never imported: the single executable starts them without being their main module.
      if (dirname(id) === join(ROOT, 'simulators')) return { code: code.replaceAll('import.meta.main', 'true') }
      if (!id.startsWith(join(ROOT, 'src'))) return undefined
      let text = code.replaceAll(/new URL\('([^']+\.ts)', import\.meta\.url\)/g, (whole, file: string) => {
        const place = places.get(join(dirname(id), file))
        if (place === undefined) throw new Error(`${id}: ${whole} is no worker that scripts/release/bundle.ts knows`)
        return `new URL('${place}', import.meta.url)`
      })
      if (id.endsWith('/mqtt-client/packet-numbers.ts'))
        text = `import packet from 'mqtt-packet'\nexport function forgoNumberCache() { packet.writeToStream.cacheNumbers = false }\n`
      else
        for (const name of REQUIRED_LATER) text = text.replaceAll(`('${name}') as typeof`, `('./${name}.js') as typeof`)
      return text === code ? undefined : { code: text }
    },
  }
}

/** Packages that look for files beside themselves. */
function theirs(): Plugin {
  return {
    name: 'theirs',
    transform(code, id) {
      const at = id.lastIndexOf('/node_modules/')
      if (at < 0) return undefined
      const text = placesOf(id.slice(at + '/node_modules/'.length), code)
      return text === code ? undefined : { code: text }
    },
  }
}
