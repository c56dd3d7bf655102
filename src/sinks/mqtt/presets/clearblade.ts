/**
 * ClearBlade IoT Core, which speaks the MQTT interface of Google's IoT Core (ended in 2023): MQTT 3.1.1, topics below /devices/ID, and a
 * JSON Web Token (RFC 7519) signed with the private key of the device as the password.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { GatewayError, messageOf } from '../../../core/errors.ts'
import type { MqttOptions } from '../options.ts'
import type { Preset } from './preset.ts'

const CLIENT_ID = /^projects\/([^/]+)\/locations\/[^/]+\/registries\/[^/]+\/devices\/([^/]+)$/

/** Project and device of `projects/P/locations/L/registries/R/devices/D`. */
function partsOf({ clientId = '' }: MqttOptions): { project: string; device: string } {
  const [, project = '', device = ''] = CLIENT_ID.exec(clientId) ?? []
  return { project, device }
}

export const clearblade: Preset = {
  title: 'ClearBlade IoT Core',
  limits: {
    protocolVersions: [4],
    retain: false,
    will: false,
    commands: false,
    keepaliveMs: [1000, 1_200_000],
    maxPacket: 256 * 1024,
    window: 100,
    clientIdBytes: 1024,
  },
  client: 'projects/PROJECT/locations/REGION/registries/REGISTRY/devices/DEVICE',
  certificate: 'allowed',
  defaults(options) {
    const { device } = partsOf(options)
    return {
      username: 'unused',
      keepalive: 60_000,
      topic: `/devices/${device}/events`,
      statusTopic: `/devices/${device}/state`,
      gapTopic: `/devices/${device}/events/gap`,
    }
  },
  check(options, issue) {
    const { clientId = '', jwtKey, password, topic = '', statusTopic = '', gapTopic = '' } = options
    if (clientId !== '' && !CLIENT_ID.test(clientId)) issue('clientId', `is ${clearblade.client}`)
    if (jwtKey === undefined) issue('jwtKey', 'is needed: the file with the private key of the device (RSA or P-256)')
    if (password !== undefined) issue('password', 'is a token made with jwtKey')
    const { device } = partsOf(options)
    const events = `/devices/${device}/events`
    for (const [name, text] of Object.entries({ topic, gapTopic }))
      if (text !== '' && text !== events && !text.startsWith(`${events}/`))
        issue(name, `ClearBlade IoT Core takes messages in "${events}" and subfolders of it only`)
    if (statusTopic !== '' && statusTopic !== `/devices/${device}/state`)
      issue('statusTopic', `ClearBlade IoT Core takes the state in "/devices/${device}/state" only`)
  },
  async credentials(options, now) {
    const { username = '', jwtKey = '', tokenLifetime } = options
    const key = await readKey(jwtKey)
    const issued = Math.floor(now / 1000)
    const claims = { iat: issued, exp: issued + Math.floor(tokenLifetime / 1000), aud: partsOf(options).project }
    return { username, password: tokenOf(claims, key, jwtKey), goodForMs: tokenLifetime }
  },
}

/** RFC 7515, 3.1; RFC 7518, 3.4: an ECDSA signature is the two numbers, one behind the other. */
function tokenOf(claims: object, key: KeyObject, file: string): string {
  const alg = algorithmOf(key)
  if (alg === undefined)
    throw refused(`the key in ${file} is neither RSA nor P-256, which are the keys that ClearBlade IoT Core knows`)
  const signed = [{ alg, typ: 'JWT' }, claims].map((part) => base64url(Buffer.from(JSON.stringify(part)))).join('.')
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${base64url(signature)}`
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): 'RS256' | 'ES256' | undefined {
  if (asymmetricKeyType === 'rsa') return 'RS256'
  return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined
}

/** Read at every connection: a key that was changed is used without a restart. */
async function readKey(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(file))
  } catch (cause) {
    throw refused(`the file of jwtKey cannot be used as a private key: ${file}: ${messageOf(cause)}`, cause)
  }
}

const refused = (sentence: string, cause?: unknown) => new GatewayError('SINK_REFUSED', sentence, { cause })
const base64url = (bytes: Buffer): string => bytes.toString('base64url')
