/** The OpenAPI document of this version, asked from a gateway that has nothing to do. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfigFile } from '../src/cli/config-file.ts'
import { silentLog } from '../src/core/log.ts'
import { startGateway } from '../src/gateway.ts'
import { startHttp } from '../src/http/server.ts'
import type { OpenapiDocument } from './client-types.ts'

export async function openapiDocument(): Promise<OpenapiDocument> {
  const folder = mkdtempSync(join(tmpdir(), 'bifrost-openapi-'))
  const file = join(folder, 'bifrost.yaml')
  writeFileSync(file, 'version: 1\ndata: ./data\nhttp: { listen: 127.0.0.1:0, access: open }\ndevices: []\n')
  try {
    const gateway = await startGateway(await loadConfigFile(file, {}), { log: silentLog, version: '0.0.0' })
    try {
      const http = await startHttp(gateway, { host: '127.0.0.1', port: 0, hosts: [], access: 'open' })
      try {
        return (await (await fetch(`${http.url}/api/openapi.json`)).json()) as OpenapiDocument
      } finally {
        await http.close()
      }
    } finally {
      await gateway.stop()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
