/**
 * A small virtual machine whose power can be cut: QEMU with Debian's cloud kernel, busybox, this Node and one program, a disk with ext4,
 * and a serial line. Everything comes from Debian and from node_modules when a test runs; nothing of it is kept here.
 */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startProcess, findCommand, type RunningProcess } from '../../src/testing/peers.ts'
import type { TestContext } from 'node:test'

/** What has to be installed. */
export const MACHINE_PROGRAMS = ['qemu-system-x86_64', 'busybox', 'mke2fs', 'e2fsck', 'debugfs', 'dpkg-deb', 'apt-get']
/** In the order in which the kernel takes them. */
const MODULES = ['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci', 'virtio_blk']

const INIT = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
for m in ${MODULES.join(' ')}; do [ -f /$m.ko ] && $b insmod /$m.ko; done
$b mount -t ext4 -o ro /dev/vdb /system || exit 1
$b mount -t ext4 /dev/vda /system/data || exit 1
$b mount -t proc proc /system/proc
$b mount -t devtmpfs dev /system/dev
exec $b chroot /system /node /program.mjs "{\\"dir\\":\\"/data/store\\",\\"mode\\":\\"$mode\\"}"
`

export interface Machine {
  /** A new disk with an empty file system. */
  makeDisk(name: string): string
  /** Switches the machine on: the program runs with this mode. `stop('SIGKILL')` is the power cut. */
  boot(t: TestContext, disk: string, mode: string): RunningProcess
  /** What is on the disk after the file system has been repaired as at a boot: the store's folder, copied to `into`. */
  readDisk(disk: string, into: string): void
}

/** Makes the parts of a machine in `folder` that runs `program`, a TypeScript file, with everything it imports. */
export async function buildMachine(folder: string, program: string): Promise<Machine> {
  const kernel = unpackKernel(folder)
  const initrd = makeInitrd(folder, kernel.modules)
  const system = await makeSystem(folder, program)
  return {
    makeDisk: (name) => makeFileSystem(join(folder, name), '96M'),
    boot: (t, disk, mode) =>
      startProcess(t, 'nice', [
        // Other tests run beside it.
        ...`-n 10 ${findCommand('qemu-system-x86_64')!}`.split(' '),
        ...'-machine pc,accel=tcg -cpu max -m 512 -nodefaults -no-reboot'.split(' '),
        ...'-display none -serial stdio -monitor none'.split(' '),
        ...`-kernel ${kernel.image} -initrd ${initrd}`.split(' '),
        '-append',
        `console=ttyS0 loglevel=1 panic=-1 mode=${mode}`,
        ...`-drive file=${disk},if=virtio,format=raw,cache=writeback`.split(' '),
        ...`-drive file=${system},if=virtio,format=raw,readonly=on`.split(' '),
      ]),
    readDisk(disk, into) {
      // 1: errors were corrected, which the replay of the journal counts as.
      run('e2fsck', ['-fy', disk], [0, 1])
      mkdirSync(into, { recursive: true })
      run('debugfs', ['-R', `rdump /store ${into}`, disk])
    },
  }
}

function run(command: string, args: readonly string[], codes: readonly number[] = [0], cwd = '/'): string {
  try {
    return execFileSync(findCommand(command)!, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: string }
    if (codes.includes(status)) return ''
    throw new Error(`${command} ${args.join(' ')}: exit ${status}: ${stderr}`, { cause: error })
  }
}

/** The cloud kernel of this Debian, unpacked without being installed. */
function unpackKernel(folder: string): { image: string; modules: string } {
  let name = kernelPackage()
  if (name === undefined) run('apt-get', ['-qq', 'update'])
  name ??= kernelPackage()
  if (name === undefined) throw new Error('apt knows no package linux-image-cloud-amd64')
  run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', name], [0], folder)
  const file = readdirSync(folder).find((entry) => entry.startsWith(name) && entry.endsWith('.deb'))!
  const root = join(folder, 'kernel')
  run('dpkg-deb', ['-x', join(folder, file), root])
  const image = readdirSync(join(root, 'boot')).find((entry) => entry.startsWith('vmlinuz'))!
  const lib = [join(root, 'lib', 'modules'), join(root, 'usr', 'lib', 'modules')].find((path) => isFolder(path))!
  return { image: join(root, 'boot', image), modules: join(lib, readdirSync(lib)[0]!, 'kernel', 'drivers') }
}

const kernelPackage = (): string | undefined =>
  /Depends: (linux-image-\S+)/.exec(run('apt-cache', ['depends', 'linux-image-cloud-amd64'], [0, 100]))?.[1]

function isFolder(path: string): boolean {
  try {
    readdirSync(path)
    return true
  } catch {
    return false
  }
}

/** What the kernel begins with: busybox, the drivers of the disk, and the script above. */
function makeInitrd(folder: string, modules: string): string {
  const root = join(folder, 'initrd')
  for (const name of ['bin', 'proc', 'dev', 'system']) mkdirSync(join(root, name), { recursive: true })
  copyFileSync(realpathSync(findCommand('busybox')!), join(root, 'bin', 'busybox'))
  const drivers = readdirSync(modules, { recursive: true, encoding: 'utf8' })
  for (const name of MODULES) {
    const found = drivers.find((path) => path.endsWith(`/${name}.ko`))
    const packed = drivers.find((path) => path.endsWith(`/${name}.ko.xz`))
    if (found !== undefined) copyFileSync(join(modules, found), join(root, `${name}.ko`))
    else if (packed !== undefined)
      run('sh', ['-c', `busybox unxz -c '${join(modules, packed)}' > '${join(root, name)}.ko'`])
  }
  writeFileSync(join(root, 'init'), INIT)
  chmodSync(join(root, 'init'), 0o755)
  const file = join(folder, 'initrd.cpio')
  run('sh', ['-c', `cd '${root}' && busybox find . | busybox cpio -o -H newc > '${file}'`])
  return file
}

/** A disk that is only read: Node, the libraries it needs, and the program in one file. */
async function makeSystem(folder: string, program: string): Promise<string> {
  const root = join(folder, 'system')
  for (const name of ['data', 'proc', 'dev', 'tmp']) mkdirSync(join(root, name), { recursive: true })
  copyFileSync(process.execPath, join(root, 'node'))
  for (const library of run('ldd', [process.execPath]).matchAll(/(\/\S+) \(0x/g)) {
    const to = join(root, library[1]!)
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(realpathSync(library[1]!), to)
  }
  const { build } = await import('vite')
  await build({
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: program,
      outDir: root,
      emptyOutDir: false,
      rollupOptions: { output: { entryFileNames: 'program.mjs' } },
    },
  })
  return makeFileSystem(join(folder, 'system.img'), '256M', root)
}

function makeFileSystem(path: string, size: string, content?: string): string {
  run('mke2fs', ['-q', '-F', '-t', 'ext4', ...(content === undefined ? [] : ['-d', content]), path, size])
  return path
}
