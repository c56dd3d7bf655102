/** A tar archive as a stream of bytes: plain files that only their owner may read where nothing else is said, each held in memory while it is written. */
export interface TarEntry {
  /** With `/` between folders. */
  readonly name: string
  readonly bytes: Uint8Array
  /** Permissions; 0600 where absent. */
  readonly mode?: number
}

/** `at`: ms since 1970, of all of them. */
export async function* tarBytes(
  entries: Iterable<TarEntry> | AsyncIterable<TarEntry>,
  at: number,
): AsyncGenerator<Uint8Array> {
  const { createTarPacker } = await import('modern-tar')
  const { readable, controller } = createTarPacker()
  const mtime = new Date(at)
  const pack = async (): Promise<void> => {
    for await (const { name, bytes, mode = 0o600 } of entries) {
      const file = controller.add({ name, size: bytes.length, type: 'file', mode, mtime }).getWriter()
      await file.write(bytes)
      await file.close()
    }
    controller.finalize()
  }
  // What goes wrong with an entry ends the stream, and so whoever reads it.
  pack().catch((error: unknown) => controller.error(error))
  yield* readable
}
