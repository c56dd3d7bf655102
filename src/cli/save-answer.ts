/**
 * A streamed answer as a file. It is written beside its name as `.part` and renamed when it is whole, so that what has the name is never
 * half of it; `-` is stdout. What is no file (a pipe, a device) is written to as it is.
 */
import { once } from 'node:events'
import { open, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { GatewayError, isAbort, messageOf, NotConnectedError } from '../core/errors.ts'
import type { Call } from './call.ts'
import { Exit } from './exit-code.ts'

/** Until the end, or until Ctrl-C. */
export async function saveAnswer(
  call: Call,
  file: string,
  ask: (signal: AbortSignal) => Promise<Response>,
): Promise<number> {
  const interrupt = new AbortController()
  const onSignal = () => interrupt.abort()
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal)
  try {
    const response = await ask(interrupt.signal)
    const bytes = await (file === '-' ? toStdout(response) : toFile(response, file))
    if (file !== '-') call.terminal.say(`${file}: ${bytes} bytes`)
    return Exit.ok
  } catch (error) {
    if (interrupt.signal.aborted || isAbort(error)) return Exit.interrupted
    throw error
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

async function toFile(response: Response, file: string): Promise<number> {
  const path = await realpath(file).catch(() => file)
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory() === true) throw new GatewayError('USAGE', `--output ${file}: this is a folder, not a file`)
  // A rename would put a file in the place of the pipe or the device.
  if (there !== undefined && !there.isFile()) return writeTo(path, response, async (handle) => handle.close())
  const temporary = `${path}.part`
  try {
    return await writeTo(temporary, response, async (handle) => {
      await handle.sync()
      await handle.close()
      await rename(temporary, path)
    })
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function writeTo(path: string, response: Response, end: (handle: FileHandle) => Promise<void>): Promise<number> {
  const handle = await open(path, 'w')
  try {
    let bytes = 0
    for await (const piece of piecesOf(response)) {
      await handle.writeFile(piece)
      bytes += piece.length
    }
    await end(handle)
    return bytes
  } catch (error) {
    await handle.close().catch(() => undefined)
    throw error
  }
}

async function toStdout(response: Response): Promise<number> {
  let bytes = 0
  for await (const piece of piecesOf(response)) {
    bytes += piece.length
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain')
  }
  return bytes
}

/** The body as it comes; one that ends in the middle is an error, never a short file. */
async function* piecesOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of response.body ?? []) yield piece as Uint8Array
  } catch (error) {
    if (isAbort(error)) throw error
    throw new NotConnectedError(
      `the export ended in the middle: ${messageOf(error)}; the log of the gateway says why`,
      {
        cause: error,
      },
    )
  }
}
