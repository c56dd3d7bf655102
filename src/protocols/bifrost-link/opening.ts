/** The first words of a link, as its client hears them. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../../core/clock.ts'
import { GatewayError } from '../../core/errors.ts'
import type { LinkFrame, LinkFrames } from './frame.ts'
import { brokenBy, lossOf } from './link-errors.ts'

interface OpeningOptions {
  readonly clock: Clock
  readonly endpoint: string
  readonly helloTimeoutMs: number
}

/** The first frame that comes after the hello is sent. */
export function answerTo(
  stream: Duplex,
  hello: Buffer,
  frames: LinkFrames,
  { clock, endpoint, helloTimeoutMs }: OpeningOptions,
  signal: AbortSignal,
): Promise<LinkFrame> {
  return new Promise((resolve, reject) => {
    const end = (then: () => void) => {
      timer.cancel()
      stream.off('data', onData)
      stream.off('error', onError)
      stream.off('end', onClose)
      stream.off('close', onClose)
      signal.removeEventListener('abort', onAbort)
      then()
    }
    const fail = (error: unknown) => end(() => reject(error))
    const onData = (chunk: Buffer) => {
      frames.push(chunk)
      try {
        const frame = frames.next()
        if (frame !== undefined) end(() => resolve(frame))
      } catch (error) {
        fail(brokenBy(endpoint, error))
      }
    }
    const onError = (error: Error) => fail(lossOf(endpoint, error))
    const onClose = () => fail(lossOf(endpoint, undefined))
    const onAbort = () => fail(signal.reason)
    const timer = clock.after(helloTimeoutMs, () =>
      fail(new GatewayError('TIMEOUT', `${endpoint} did not answer our hello within ${helloTimeoutMs} ms`)),
    )
    stream.on('data', onData)
    stream.once('error', onError)
    stream.once('end', onClose)
    stream.once('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) return onAbort()
    stream.write(hello)
  })
}
