/** `bifrost secrets …`: the key of this installation: where it comes from, a new one in its place, a new one for a key file elsewhere. */
import { GatewayError } from '../core/errors.ts'
import { systemClock } from '../core/clock.ts'
import { textOption, type Call } from './call.ts'
import { configFile, loadConfigFile } from './config-file.ts'
import { Exit } from './exit-code.ts'
import { hostUserName } from './host-user.ts'

export async function status(call: Call): Promise<number> {
  const { data, options, readSecrets } = await open(call)
  const secrets = await readSecrets(data, options)
  if (secrets === undefined) throw new GatewayError('NOT_FOUND', `there is no key yet for ${data}: the first start of the gateway makes one`) // prettier-ignore
  const { source, keyId, keyIds } = secrets
  const older = keyIds.filter((id) => id !== keyId)
  if (call.terminal.json) call.terminal.resultJson({ source: source.kind, name: source.name, keyId, older })
  else call.terminal.result(`${keyId}  in use, from ${source.kind} ${source.name}${older.map((id) => `\n${id}  opens what is older`).join('')}`) // prettier-ignore
  return Exit.ok
}

/** A new key in DATA/secret.key, from the next start on. */
export async function rotate(call: Call): Promise<number> {
  const { data, options, rotateKey, handInAudit } = await open(call)
  const audit = handInAudit(data, systemClock)
  const event = { action: 'secrets.rotate', user: `host ${hostUserName()}`, from: 'command line', object: 'secrets', reason: textOption(call, 'reason') } // prettier-ignore
  await audit.record({ ...event, outcome: 'requested' })
  const { from, to } = await rotateKey(data, options)
  await audit.record({ ...event, before: from, after: to, outcome: 'done' })
  if (call.terminal.json) call.terminal.resultJson({ from, to })
  else call.terminal.result(`${to} is the key from the next start on; ${from} stays and opens what is older`)
  return Exit.ok
}

/** For a key file, a credential or a KMS. */
export async function key(call: Call): Promise<number> {
  const { newKeyText } = await import('../gateway.ts')
  call.terminal.result(newKeyText())
  return Exit.ok
}

async function open(call: Call) {
  const { handInAudit, readSecrets, rotateKey } = await import('../gateway.ts')
  const { data, secrets } = await loadConfigFile(configFile(call), call.env)
  return { data, options: { ...secrets, env: call.env }, handInAudit, readSecrets, rotateKey }
}
