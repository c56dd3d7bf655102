/** A small ext4 on a loop device: what the kernel hands to the block device is counted, journal and all. Root only. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

export interface BlockDevice {
  readonly folder: string
  /** Everything is with the device when it returns; the bytes that it was given since it was made. */
  bytesWritten(): number
  remove(): void
}

const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: 'utf8' })

/** Undefined where no file system can be made or mounted. */
export function makeBlockDevice(size = '1G'): BlockDevice | undefined {
  const own = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  const [image, folder] = [join(own, 'disk.img'), join(own, 'mounted')]
  try {
    mkdirSync(folder)
    run('truncate', '-s', size, image)
    run('mke2fs', '-q', '-F', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', image)
    run('mount', '-o', 'loop', image, folder)
  } catch {
    rmSync(own, { recursive: true, force: true })
    return undefined
  }
  const device = basename(run('losetup', '-j', image).split(':')[0]!)
  return {
    folder,
    bytesWritten() {
      run('sync', '-f', folder)
      // The seventh field counts sectors of 512 bytes, whatever the device's are (Documentation/block/stat.rst).
      return Number(readFileSync(`/sys/block/${device}/stat`, 'utf8').trim().split(/\s+/)[6]) * 512
    },
    remove() {
      run('umount', folder)
      rmSync(own, { recursive: true, force: true })
    },
  }
}
