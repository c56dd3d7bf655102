/**
 * Named places in the store's work at which a test ends the process with SIGKILL: a file system around the real one that knows
 * them by file and operation. The product itself holds no such code.
 */
import { nodeFiles, type FileSystem, type OpenFile } from '../../src/store/files.ts'

type Operation = 'open' | 'write' | 'sync' | 'rename' | 'remove' | 'syncFolder'

interface Failpoint {
  readonly operation: Operation
  readonly path: RegExp
  /** `half`: half of the bytes are written. */
  readonly at: 'before' | 'half' | 'after'
  /** What the bytes of a write must look like. */
  readonly bytes?: (bytes: Uint8Array) => boolean
  /** The store must be at its bound, so that this happens at all. */
  readonly isBounded?: boolean
}

const endsWith =
  (mark: string) =>
  (bytes: Uint8Array): boolean =>
    Buffer.from(bytes.subarray(-mark.length)).toString('latin1') === mark
const isFooter = endsWith('BFEN')
const isData = (bytes: Uint8Array): boolean => !isFooter(bytes) && bytes.length !== 64

export const FAILPOINTS: Readonly<Record<string, Failpoint>> = {
  'a new segment without a header': { operation: 'open', path: /\.seg$/, at: 'after' },
  'a new segment whose name is not synced': { operation: 'syncFolder', path: /log$/, at: 'before' },
  'half of the frames written': { operation: 'write', path: /\.seg$/, at: 'half', bytes: isData },
  'frames written, before fdatasync': { operation: 'write', path: /\.seg$/, at: 'after', bytes: isData },
  'after fdatasync, before anyone knows': { operation: 'sync', path: /\.seg$/, at: 'after' },
  'half of a footer written': { operation: 'write', path: /\.seg$/, at: 'half', bytes: isFooter },
  'footer written, before fdatasync': { operation: 'write', path: /\.seg$/, at: 'after', bytes: isFooter },
  'half of a trend file written': { operation: 'write', path: /\.trend$/, at: 'half' },
  'half of a cursor slot written': { operation: 'write', path: /\.cursor$/, at: 'half' },
  'cursor slot written, before fdatasync': { operation: 'write', path: /\.cursor$/, at: 'after' },
  'half of a sequence slot written': { operation: 'write', path: /sequence$/, at: 'half' },
  'reservation synced, before it is used': { operation: 'sync', path: /sequence$/, at: 'after' },
  'half of a line of tags written': { operation: 'write', path: /tags$/, at: 'half' },
  'lock made, nothing in it': { operation: 'open', path: /LOCK$/, at: 'after' },
  'in the middle of thinning': { operation: 'write', path: /\.thin$/, at: 'half', isBounded: true },
  'thinned, before the rename': { operation: 'rename', path: /\.thin$/, at: 'before', isBounded: true },
  'thinned, after the rename': { operation: 'rename', path: /\.thin$/, at: 'after', isBounded: true },
  'before an old segment is removed': { operation: 'remove', path: /\.seg$/, at: 'before', isBounded: true },
  'after an old segment was removed': { operation: 'remove', path: /\.seg$/, at: 'after', isBounded: true },
}

/** The disk of this machine, on which the process dies the `hit`th time that it comes to the failpoint. */
export function filesThatKill(name: string, hit: number): FileSystem {
  const point = FAILPOINTS[name]!
  let left = hit
  const die = async (): Promise<never> => {
    process.kill(process.pid, 'SIGKILL')
    return new Promise<never>(() => undefined)
  }
  const isHere = (operation: Operation, path: string, bytes?: Uint8Array): boolean =>
    point.operation === operation &&
    point.path.test(path) &&
    (point.bytes === undefined || point.bytes(bytes!)) &&
    --left === 0
  const around = async <T>(operation: Operation, path: string, act: () => Promise<T>): Promise<T> => {
    if (!isHere(operation, path)) return act()
    if (point.at === 'after') await act()
    return die()
  }
  const opened = (file: OpenFile, path: string): OpenFile => ({
    ...file,
    async write(bytes, position) {
      if (!isHere('write', path, bytes)) return file.write(bytes, position)
      if (point.at !== 'before') {
        await file.write(point.at === 'half' ? bytes.subarray(0, bytes.length >> 1) : bytes, position)
      }
      return die()
    },
    sync: () => around('sync', path, () => file.sync()),
  })
  return {
    ...nodeFiles,
    open: async (path, mode) =>
      mode === 'read'
        ? nodeFiles.open(path, mode)
        : opened(await around('open', path, () => nodeFiles.open(path, mode)), path),
    rename: (from, to) => around('rename', from, () => nodeFiles.rename(from, to)),
    remove: (path) => around('remove', path, () => nodeFiles.remove(path)),
    syncFolder: (folder) => around('syncFolder', folder, () => nodeFiles.syncFolder(folder)),
  }
}

/** All is left to the kernel: the control of the power cuts. */
export const filesWithoutSync: FileSystem = {
  ...nodeFiles,
  open: async (path, mode) => ({ ...(await nodeFiles.open(path, mode)), sync: async () => {} }),
  syncFolder: async () => {},
}
