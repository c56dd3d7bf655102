/**
 * What Redis holds, as lines of JSON (key, value as `DUMP` gives it, when it expires): with the rights of an ordinary user, from a managed Redis
 * too, where `BGSAVE` and `redis-cli --rdb` are not to be had. Not a picture of one moment: keys are read one after the other.
 */
import { readFile } from 'node:fs/promises'
import { GatewayError, messageOf } from '../core/errors.ts'

const MOST_KEYS = 1_000_000
const MOST_BYTES = 64 * 2 ** 20
const AT_ONCE = 256

interface Line {
  readonly key: string
  readonly dump: string
  /** ms since 1970 when it expires; null: never. */
  readonly expires: number | null
}

export async function exportRedis(urlFile: string): Promise<Buffer> {
  return withClient(urlFile, 'cannot be exported', async (client) => {
    const lines: string[] = []
    let bytes = 0
    const take = async (keys: readonly string[]): Promise<void> => {
      for (const key of keys) {
        const [dump, ttl] = [await client.dump(key), await client.pTTL(key)]
        // It has gone meanwhile.
        if (dump === null || ttl === -2) continue
        const line: Line = { key, dump: Buffer.from(dump as unknown as Uint8Array).toString('base64'), expires: ttl < 0 ? null : Date.now() + ttl } // prettier-ignore
        lines.push(JSON.stringify(line))
        bytes += lines.at(-1)!.length
        if (lines.length > MOST_KEYS || bytes > MOST_BYTES) throw new Error(`it holds more than ${MOST_KEYS} keys or ${MOST_BYTES / 2 ** 20} MiB`) // prettier-ignore
      }
    }
    for await (const keys of client.scanIterator({ COUNT: AT_ONCE })) await take(keys.map(String))
    return Buffer.from(lines.toSorted().map((line) => `${line}\n`).join('')) // prettier-ignore
  })
}

/** Puts keys back in place of those of the same name; the others stay. Resolves to how many. */
export async function importRedis(urlFile: string, text: string): Promise<number> {
  return withClient(urlFile, 'did not take the export', async (client) => {
    let count = 0
    for (const line of text.split('\n')) {
      if (line === '') continue
      const { key, dump, expires } = JSON.parse(line) as Line
      const left = expires === null ? 0 : expires - Date.now()
      if (expires !== null && left <= 0) continue
      await client.restore(key, left, Buffer.from(dump, 'base64'), { REPLACE: true })
      count++
    }
    return count
  })
}

async function withClient<T>(urlFile: string, what: string, work: (client: BytesClient) => Promise<T>): Promise<T> {
  const url = (await readFile(urlFile, 'utf8').catch((cause: unknown) => {
    throw new GatewayError('CONFIG_INVALID', `redis: urlFile: ${messageOf(cause)}`, { cause })
  })).trim() // prettier-ignore
  const client = await bytesClient(url)
  try {
    await client.connect()
    return await work(client)
  } catch (cause) {
    // The address may hold a password.
    throw new GatewayError('BACKUP_FAILED', `Redis ${what}: ${messageOf(cause).replaceAll(url, 'its address')}`, {
      cause,
    })
  } finally {
    client.destroy()
  }
}

type BytesClient = Awaited<ReturnType<typeof bytesClient>>

async function bytesClient(url: string) {
  const { createClient, RESP_TYPES } = await import('redis')
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5000 } })
  // What goes wrong comes with the command that fails.
  client.on('error', () => undefined)
  return client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer })
}
