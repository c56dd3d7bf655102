/** Compressed bodies (RFC 1952), made outside the event loop. */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'

const compress = promisify(gzip)
/** Names and keys repeat in every row: the fastest level finds them as well as the others do. */
const LEVEL = 1

export const gzipped = (body: Uint8Array): Promise<Buffer> => compress(body, { level: LEVEL })
