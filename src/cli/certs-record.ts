/** Puts on record what the authority of an installation makes: whoever holds a client certificate of it may get in. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { systemClock } from '../core/clock.ts'
import { GatewayError } from '../core/errors.ts'
import { hostUserName } from './host-user.ts'

interface MadeCertificate {
  readonly commonName: string
  readonly serial: string
  readonly notAfter: number
}

/**
 * On record before and after. `data`: the data folder; undefined: the authority is that of no gateway. Where the folder is not there yet,
 * what was made is on record once it is.
 */
export async function onRecord(
  data: string | undefined,
  action: string,
  name: string,
  make: () => Promise<MadeCertificate>,
): Promise<void> {
  const event = { id: randomUUID(), action, user: `host ${hostUserName()}`, from: 'command line', object: `certificate ${name}` } // prettier-ignore
  const record = async (outcome: string, after?: unknown): Promise<void> => {
    if (data === undefined || !existsSync(data)) return
    const { handInAudit } = await import('../gateway.ts')
    await handInAudit(data, systemClock).record({ ...event, after, outcome })
  }
  await record('requested')
  try {
    const { commonName, serial, notAfter } = await make()
    await record('done', { commonName, serial, notAfter: new Date(notAfter).toISOString() })
  } catch (error) {
    await record(error instanceof GatewayError ? error.code : 'INTERNAL')
    throw error
  }
}
