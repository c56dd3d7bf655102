/**
 * Loads what the gateway loads, once after an installation, so that its compiled code is kept (bin/launch): the first start is
 * then as fast and as small as every later one, without the TypeScript stripper in memory.
 */
await Promise.all([
  import('../src/cli/cli.ts'),
  import('../src/cli/demo.ts'),
  import('../src/cli/run.ts'),
  import('../src/drivers/index.ts'),
  import('../src/gateway.ts'),
  import('../src/http/server.ts'),
  import('../src/observe/log.ts'),
  import('../src/sinks/index.ts'),
  import('@prometheus-io/client'),
  import('aedes'),
  import('mqtt'),
])
process.exit(0)
