/**
 * Where a release comes from: a folder, such as an offline bundle on a stick, or an HTTPS address with the same layout. Nothing of it is
 * believed here but its size: whoever asks says how many bytes he takes at most.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GatewayError, messageOf, NotConnectedError } from '../core/errors.ts'

export interface ReleaseSource {
  /** The folder or the address. */
  readonly name: string
  /** The whole file; throws NOT_FOUND, NOT_CONNECTED, or RELEASE_REFUSED where it is larger. */
  read(file: string, maxBytes: number, signal: AbortSignal): Promise<Buffer>
  /** Writes the file to `to`, going on where an earlier try was cut off; throws RELEASE_REFUSED as soon as it is larger than `bytes`. */
  fetch(file: string, to: string, bytes: number, signal: AbortSignal): Promise<void>
}

/** `{channel}` in the name stands for the channel. */
export function openSource(where: string, channel: string): ReleaseSource {
  const name = where.replaceAll('{channel}', channel)
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) return new Folder(name)
  const url = URL.canParse(name) ? new URL(name) : undefined
  if (url === undefined) throw new GatewayError('USAGE', `${name} is no address`)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return new Web(url)
  throw new GatewayError(
    'USAGE',
    `${name}: a release comes from a folder or over https:// (http:// only from this machine)`,
  )
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

class Folder implements ReleaseSource {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  async read(file: string, maxBytes: number): Promise<Buffer> {
    const path = join(this.name, file)
    await this.#size(path, maxBytes)
    return readFile(path)
  }

  async fetch(file: string, to: string, bytes: number, signal: AbortSignal): Promise<void> {
    const path = join(this.name, file)
    await this.#size(path, bytes)
    await pipeline(createReadStream(path), createWriteStream(to, { mode: 0o600 }), { signal })
    await settle(to)
  }

  async #size(path: string, most: number): Promise<void> {
    const found = await stat(path).catch((cause: unknown) => {
      throw new GatewayError('NOT_FOUND', `${path} cannot be read (${messageOf(cause)})`, { cause })
    })
    if (found.size > most) throw tooLarge(path, most)
  }
}

class Web implements ReleaseSource {
  readonly name: string
  readonly #base: URL

  constructor(base: URL) {
    this.name = base.href
    this.#base = new URL(base.pathname.endsWith('/') ? base : `${base.href}/`)
  }

  async read(file: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const response = await this.#ask(file, signal)
    const parts: Buffer[] = []
    let bytes = 0
    for await (const part of bodyOf(response)) {
      bytes += part.length
      if (bytes > maxBytes) throw tooLarge(file, maxBytes)
      parts.push(part)
    }
    return Buffer.concat(parts)
  }

  async fetch(file: string, to: string, bytes: number, signal: AbortSignal): Promise<void> {
    const have = await stat(to).then(
      ({ size }) => size,
      () => 0,
    )
    if (have > bytes) await rm(to, { force: true })
    if (have === bytes) return
    const from = have > bytes ? 0 : have
    const response = await this.#ask(file, signal, from)
    let sum = response.status === 206 ? from : 0
    const count = new Transform({
      transform(part: Buffer, _encoding, done) {
        sum += part.length
        done(sum > bytes ? tooLarge(file, bytes) : null, part)
      },
    })
    try {
      await pipeline(bodyOf(response), count, createWriteStream(to, { flags: response.status === 206 ? 'a' : 'w', mode: 0o600 }), { signal }) // prettier-ignore
    } catch (error) {
      if (error instanceof GatewayError || signal.aborted || isDiskError(error)) throw error
      throw new NotConnectedError(`${this.name}${file} was cut off after ${sum} of ${bytes} bytes (${messageOf(error)})`, { cause: error }) // prettier-ignore
    }
    await settle(to)
  }

  async #ask(file: string, signal: AbortSignal, from = 0): Promise<Response> {
    const url = new URL(encodeURIComponent(file), this.#base)
    let response: Response
    try {
      response = await fetch(url, { signal, ...(from > 0 ? { headers: { range: `bytes=${from}-` } } : {}) })
    } catch (cause) {
      if (signal.aborted) throw cause
      const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : messageOf(cause)
      throw new NotConnectedError(`${url.href} cannot be reached (${why})`, { cause })
    }
    if (url.protocol === 'https:' && !response.url.startsWith('https:'))
      throw new GatewayError('RELEASE_REFUSED', `${url.href} sends us to ${response.url}, which is not https`)
    if (response.status === 404) throw new GatewayError('NOT_FOUND', `${url.href} is not there`)
    if (!response.ok) throw new NotConnectedError(`${url.href} answered ${response.status} ${response.statusText}`)
    return response
  }
}

const bodyOf = (response: Response): Readable =>
  response.body === null ? Readable.from([]) : Readable.fromWeb(response.body)

const isDiskError = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES'].includes(String(error.code))

const tooLarge = (file: string, most: number): GatewayError =>
  new GatewayError('RELEASE_REFUSED', `${file} is larger than the ${most} bytes that are allowed`)

/** On the disk before it counts. */
async function settle(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
