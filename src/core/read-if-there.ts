/** Reads a file that may have gone meanwhile. Any other reason not to read it is one to say: a copy without it would not be whole. */
import { readFile } from 'node:fs/promises'

/** Undefined: there is no such file. */
export async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
