/** Who we say we are: SASL/PLAIN (RFC 4616), SCRAM (RFC 5802, 7677) and OAUTHBEARER (RFC 7628) as the client library takes them. */
import { readFile } from 'node:fs/promises'
import type { SASLOptions } from '@platformatic/kafka'
import { GatewayError, messageOf } from '../../core/errors.ts'
import type { KafkaOptions } from './options.ts'

/** The login in force; the token file is read here, and again whenever the broker wants a fresh login. */
export async function saslOptions({
  sasl,
  username,
  password,
  tokenFile,
}: KafkaOptions): Promise<SASLOptions | undefined> {
  if (sasl === undefined) return undefined
  if (sasl !== 'OAUTHBEARER') return { mechanism: sasl, username: username!, password: password! }
  await token(tokenFile!)
  return { mechanism: sasl, token: () => token(tokenFile!), authBytesValidator }
}

async function token(file: string): Promise<string> {
  let text: string
  try {
    text = (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `the file of tokenFile cannot be read: ${messageOf(cause)}`, { cause })
  }
  if (text === '') throw new GatewayError('CONFIG_INVALID', `the file of tokenFile is empty: ${file}`)
  return text
}

/** RFC 7628, 3.2.2: a server that refuses a token first answers with a JSON object, and says nothing where it accepts. */
const authBytesValidator: NonNullable<SASLOptions['authBytesValidator']> = (bytes, callback) => {
  if (bytes.length === 0) return callback(null, bytes)
  callback(new Error(`it does not accept the token: ${bytes.toString('utf8').slice(0, 200)}`), bytes)
}
