/**
 * Archives whose bytes depend on their content alone: entries in order of their names, owner root, one date, no name of a machine.
 * tar as POSIX.1-1988 (ustar) lays it out, gzip without name and time (RFC 1952), ar as Debian packages use it (deb(5)).
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { constants, gzipSync } from 'node:zlib'

export interface Entry {
  /** With `/` between folders, without one at the end. */
  readonly name: string
  readonly kind: 'file' | 'folder' | 'link'
  /** 0755 or 0644 unless something else is needed. */
  readonly mode: number
  readonly bytes: Uint8Array
  /** Where a link points. */
  readonly target?: string
}

const BLOCK = 512
const NOTHING = new Uint8Array(0)

export const folder = (name: string, mode = 0o755): Entry => ({ name, kind: 'folder', mode, bytes: NOTHING })
export const link = (name: string, target: string): Entry => ({
  name,
  kind: 'link',
  mode: 0o777,
  bytes: NOTHING,
  target,
})
export const file = (name: string, content: string | Uint8Array, mode = 0o644): Entry => {
  return { name, kind: 'file', mode, bytes: typeof content === 'string' ? Buffer.from(content) : content }
}

/** What a folder holds, as entries below `prefix`; who may read and run is made the same for all. */
export function entriesOf(path: string, prefix: string): Entry[] {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return [link(prefix, readlinkSync(path))]
  if (!stat.isDirectory()) return [file(prefix, readFileSync(path), (stat.mode & 0o100) === 0 ? 0o644 : 0o755)]
  const inside = readdirSync(path).flatMap((name) => entriesOf(join(path, name), `${prefix}/${name}`))
  return [folder(prefix), ...inside]
}

/** A tar of the entries; `seconds` is the date of each. Throws for a name that ustar cannot hold. */
export function tar(entries: readonly Entry[], seconds: number): Buffer {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const parts = sorted.flatMap((entry) => {
    const rest = entry.bytes.length % BLOCK
    return [header(entry, seconds), entry.bytes, new Uint8Array(rest === 0 ? 0 : BLOCK - rest)]
  })
  return Buffer.concat([...parts, new Uint8Array(2 * BLOCK)])
}

/** Without name and time; the byte for the system is that of Unix on every machine. */
export function gzip(bytes: Uint8Array): Buffer {
  const packed = gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION })
  packed.fill(0, 4, 8)
  packed[9] = 3
  return packed
}

/** The outer form of a Debian package. */
export function ar(members: readonly (readonly [name: string, bytes: Uint8Array])[], seconds: number): Buffer {
  const parts = members.flatMap(([name, bytes]) => {
    const head = [
      name.padEnd(16),
      `${seconds}`.padEnd(12),
      '0     ',
      '0     ',
      '100644  ',
      `${bytes.length}`.padEnd(10),
    ]
    return [Buffer.from(`${head.join('')}\`\n`), bytes, Buffer.from(bytes.length % 2 === 0 ? '' : '\n')]
  })
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}

function header({ name, kind, mode, bytes, target }: Entry, seconds: number): Buffer {
  const [prefix, rest] = split(kind === 'folder' ? `${name}/` : name)
  const block = Buffer.alloc(BLOCK)
  const octal = (value: number, at: number, width: number) =>
    block.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1')
  block.write(rest, 0)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(bytes.length, 124, 12)
  octal(seconds, 136, 12)
  block.fill(' ', 148, 156)
  block.write({ file: '0', folder: '5', link: '2' }[kind], 156)
  block.write(target ?? '', 157)
  block.write('ustar\x0000root', 257, 'latin1')
  block.write('root', 297)
  block.write(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

/** Names of up to 100 bytes stand alone; longer ones are split at a `/` (155 before it). */
function split(name: string): [prefix: string, rest: string] {
  if (Buffer.byteLength(name) <= 100) return ['', name]
  for (let at = name.indexOf('/'); at > 0; at = name.indexOf('/', at + 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)]
    if (rest !== '' && Buffer.byteLength(rest) <= 100 && Buffer.byteLength(prefix) <= 155) return [prefix, rest]
  }
  throw new Error(`${name}: the name is too long for a tar archive`)
}
