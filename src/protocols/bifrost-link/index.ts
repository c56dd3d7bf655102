/** The link between two gateways as a library: frames, rows, client and server (PROTOCOL.md in sinks/bifrost). */
export { LinkClient, type LinkClientOptions } from './client.ts'
export { Compressor } from './compression.ts'
export { RowEncoder, valueBytes } from './encode-rows.ts'
export { type Hello, type Range, type Refused, type Welcome } from './hello.ts'
export { LINK_VERSION, MAX_ALIAS, MAX_RANGES, MAX_TIME, MAX_VALUE_BYTES } from './limits.ts'
export { encodeGap, encodeSamples } from './messages.ts'
export { LinkSession, type ClientFrame } from './session.ts'
export { encodeTags, type LinkTag } from './tags.ts'
