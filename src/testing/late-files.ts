/** A disk that says too early that it has what it has not: the crippled control of the tests that kill. */
import { nodeFiles, type FileSystem, type OpenFile } from '../store/files.ts'

/** Writes to segments reach the kernel 250 ms after they were reported: the control of the kill tests. */
export const lateFiles: FileSystem = {
  ...nodeFiles,
  async open(path, openMode): Promise<OpenFile> {
    const file = await nodeFiles.open(path, openMode)
    if (!path.endsWith('.seg')) return file
    return {
      ...file,
      async write(bytes, position) {
        const kept = Buffer.from(bytes)
        setTimeout(() => void file.write(kept, position), 250)
      },
      async close() {
        setTimeout(() => void file.close(), 500)
      },
    }
  },
}
