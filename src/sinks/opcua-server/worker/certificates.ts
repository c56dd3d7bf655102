/** Until the gateway's own certificate store has its adaptor: a certificate of its own for each start, and every client accepted. */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OPCUACertificateManager } from 'node-opcua-certificate-manager'

export async function openCertificates() {
  const rootFolder = await mkdtemp(join(tmpdir(), 'opcua-server-'))
  const manager = new OPCUACertificateManager({ rootFolder, automaticallyAcceptUnknownCertificate: true })
  await manager.initialize()
  return { serverCertificateManager: manager }
}
