/** The product's own start on the configuration of a benchmark, with a sink that counts; resolves when every device gave values. */
import { loadConfig } from '../../src/config/load.ts'
import { drivers } from '../../src/drivers/index.ts'
import { startGateway, type Gateway } from '../../src/gateway.ts'
import { createLogger } from '../../src/observe/log.ts'
import { createCounter } from '../counting-sink.ts'

export async function startBenchGateway(file: string): Promise<Gateway> {
  const config = await loadConfig(file, { drivers, sinks: [createCounter().type], env: process.env })
  const gateway = await startGateway(config, {
    log: createLogger({ level: 'error', format: 'json' }),
    version: 'bench',
  })
  while (!gateway.polling.devices.every(({ lastGoodAt }) => lastGoodAt !== undefined)) await pause(100)
  return gateway
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
