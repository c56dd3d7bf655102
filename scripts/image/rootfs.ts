/**
 * The image's file system as two folders, one a layer: `base` (C libraries, Node), which changes seldom, and `app` (the staged product).
 * There is no shell, no package manager, nothing with setuid, and one folder that the gateway's user may write.
 */
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { STATUS, withLibraries } from './libraries.ts'
import { nodeBinary } from './node-binary.ts'
import { COMMAND, DATA, USER_ID } from './settings.ts'
import type { Architecture } from './trim-elf.ts'

const TRIPLET = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' } as const
/** Where the binary says that its loader lies. */
const LOADER = { x64: 'lib64/ld-linux-x86-64.so.2', arm64: 'lib/ld-linux-aarch64.so.1' } as const
/** What Node is linked with, and what glibc opens itself to look up names. */
const WANTED = ['c', 'm', 'dl', 'pthread', 'rt', 'resolv', 'nss_files', 'nss_dns', 'stdc++', 'gcc_s', 'atomic']

/** Makes `base` and `app` in the folder, which is emptied first. */
export function makeRootfs(out: string, staged: string, architecture: Architecture): void {
  rmSync(out, { recursive: true, force: true })
  makeBase(join(out, 'base'), architecture)
  makeApp(join(out, 'app'), staged, architecture)
  for (const layer of ['base', 'app']) plainModes(join(out, layer))
}

function makeBase(base: string, architecture: Architecture): void {
  withLibraries(architecture, (unpacked) => {
    const libraries = `lib/${TRIPLET[architecture]}`
    for (const name of WANTED) {
      const [found] = globSync(`{usr/,}${libraries}/lib${name}.so.[0-9]`, { cwd: unpacked })
      if (found === undefined) throw new Error(`none of the packages in libraries.json has lib${name}`)
      // A link such as libatomic.so.1 → libatomic.so.1.2.0 becomes the file itself.
      place(join(base, libraries, found.split('/').at(-1)!), readFileSync(join(unpacked, found)))
    }
    const [loader] = globSync(`${libraries}/ld-linux-*.so.*`, { cwd: unpacked })
    place(join(base, LOADER[architecture]), readFileSync(join(unpacked, loader!)), 0o755)
    for (const found of globSync('usr/share/doc/*/copyright', { cwd: unpacked }))
      if (!lstatSync(join(unpacked, dirname(found))).isSymbolicLink())
        place(join(base, found), readFileSync(join(unpacked, found)))
    cpSync(join(unpacked, STATUS), join(base, STATUS), { recursive: true })
  })
  const node = nodeBinary(architecture)
  place(join(base, 'opt/bifrost/node/bin/node'), node.bytes, 0o755)
  place(join(base, 'opt/bifrost/node/LICENSE'), node.licence)
  const user = `:x:${USER_ID}:${USER_ID}:`
  place(join(base, 'etc/passwd'), `root:x:0:0:root:/root:/sbin/nologin\nbifrost${user}bifrost:${DATA}:/sbin/nologin\n`)
  place(join(base, 'etc/group'), `root:x:0:\nbifrost:x:${USER_ID}:\n`)
  place(join(base, 'etc/nsswitch.conf'), 'hosts: files dns\n')
  place(
    join(base, 'etc/os-release'),
    'NAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n',
  )
  mkdirSync(join(base, 'etc/bifrost'))
}

function makeApp(app: string, staged: string, architecture: Architecture): void {
  const program = join(app, 'opt/bifrost')
  mkdirSync(program, { recursive: true })
  const other = architecture === 'x64' ? 'arm64' : 'x64'
  cpSync(staged, program, {
    recursive: true,
    filter: (path) => !path.endsWith(`/prebuilds/linux-${other}`) && path !== join(staged, 'bin'),
  })
  place(join(program, 'bin/bifrost'), COMMAND, 0o755)
  mkdirSync(join(app, 'usr/local/bin'), { recursive: true })
  symlinkSync('/opt/bifrost/bin/bifrost', join(app, 'usr/local/bin/bifrost'))
}

function place(file: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, content)
  chmodSync(file, mode)
}

/** Read by everybody, written by root alone, whatever the umask was; setuid bits don't survive. */
function plainModes(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) plainModes(path)
    else if (entry.isFile()) chmodSync(path, (lstatSync(path).mode & 0o111) === 0 ? 0o644 : 0o755)
  }
}
