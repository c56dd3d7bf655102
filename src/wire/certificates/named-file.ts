/** A file that the configuration names. Other than in our own folders it may be a link: containers get their secrets so. */
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Its content; throws where it is no plain file, or larger than what is read. */
export async function readNamedFile(path: string, limitBytes: number): Promise<Buffer> {
  // Without NONBLOCK a pipe would wait for a writer for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const about = await file.stat()
    if (!about.isFile()) throw new Error('it is no plain file')
    if (about.size > limitBytes) throw new Error(`it has ${about.size} bytes; ${limitBytes} are the most that is read`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}
