/** Looks at the audit log of a folder where no gateway has to run. */
import { GatewayError } from '../core/errors.ts'
import type { Secrets } from '../secrets/secrets.ts'
import { privateFiles } from '../store/files.ts'
import { auditFiles, type Place } from './line.ts'
import { AUDIT_PURPOSE } from './opening.ts'
import { verifyAudit, type Verdict } from './verify.ts'

/** `secrets` undefined: the hashes are followed alone. Throws NOT_FOUND where there is no log. */
export async function verifyFolder(
  folder: string,
  secrets: Secrets | undefined,
  anchors: readonly Place[] = [],
): Promise<Verdict> {
  const names = await privateFiles.list(folder).catch((): string[] => [])
  if (auditFiles(names).length === 0 && !names.includes('head'))
    throw new GatewayError('NOT_FOUND', `${folder} has no audit log; it is the folder audit of a data folder`)
  if (secrets === undefined) return verifyAudit(privateFiles, folder, { anchors })
  const signerOf = (id: string) => secrets.signer(AUDIT_PURPOSE, id)
  return verifyAudit(privateFiles, folder, { signerOf, keyIds: secrets.keyIds, anchors })
}
