/**
 * The capture file that `bifrost trace --pcapng` writes: piece by piece as the exchanges come, so that a reader at the other end of a
 * pipe sees them live, and what is there is a whole file at any moment, however the command ends. `-` is stdout.
 */
import { constants } from 'node:fs'
import { access, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { GatewayError } from '../core/errors.ts'

export interface CaptureFile {
  /** One or more whole sections of pcapng; resolves when they have been taken. */
  append(sections: Uint8Array): Promise<void>
  /** Bytes so far. */
  readonly size: number
  close(): Promise<void>
}

/** True when the capture takes stdout, so that nothing else may be said there. */
export const isStdout = (file: string | undefined): boolean => file === '-' || file === '/dev/stdout'

/** A trace of a minute should not end with a file that cannot be written. Throws USAGE. */
export async function checkCaptureFile(file: string | undefined): Promise<void> {
  if (file === undefined || isStdout(file)) return
  const isThere = await access(file, constants.F_OK).then(
    () => true,
    () => false,
  )
  const place = isThere ? file : dirname(file)
  await access(place, constants.W_OK).catch((error: unknown) => {
    throw new GatewayError('USAGE', `--pcapng ${file}: ${place} cannot be written to`, { cause: error })
  })
}

/** Begins anew what is in the file. */
export async function openCaptureFile(file: string): Promise<CaptureFile> {
  let size = 0
  if (isStdout(file)) {
    return {
      get size() {
        return size
      },
      async append(sections) {
        // A reader that has gone is told by the stream's own error.
        await new Promise<void>((resolve) => process.stdout.write(sections, () => resolve()))
        size += sections.length
      },
      close: async () => {},
    }
  }
  const handle = await open(file, 'w')
  return {
    get size() {
      return size
    },
    async append(sections) {
      await handle.writeFile(sections)
      size += sections.length
    },
    close: () => handle.close(),
  }
}
