/** A folder that only the user of the gateway may look into. */
import { chmod } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncFolder } from '../core/durable-file.ts'
import { makeFolders } from '../core/folder.ts'

/** With those above it, as far as they are missing. */
export async function makePrivateFolder(folder: string): Promise<void> {
  for (const made of await makeFolders(folder)) {
    await chmod(made, 0o700)
    await syncFolder(dirname(made))
  }
}
