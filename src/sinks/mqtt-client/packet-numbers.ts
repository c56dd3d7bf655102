/**
 * The packet writer below mqtt.js makes a buffer for each of the 65,536 packet numbers when it writes its first packet: 10 MB
 * that a gateway of 120 MB has no use for. Without them a publish takes about a microsecond more.
 */
import { createRequire } from 'node:module'

interface PacketWriter {
  readonly writeToStream: { cacheNumbers: boolean }
}

/** Call before the first packet is written. It is mqtt.js's own copy that is asked, whichever that is. */
export function forgoNumberCache(): void {
  const resolve = createRequire(import.meta.url)
  const { writeToStream } = createRequire(resolve.resolve('mqtt'))('mqtt-packet') as PacketWriter
  writeToStream.cacheNumbers = false
}
