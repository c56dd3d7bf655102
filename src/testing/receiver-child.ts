/**
 * A store with the receiving side on top, in a process that tests kill: `node receiver-child.ts DATA PORT honest|late|plain`. Where it is `late`, its
 * file system says that segment data is written and synced a while before it is handed to the kernel: the control that must lose some.
 */
import { systemClock } from '../core/clock.ts'
import { silentLog } from '../core/log.ts'
import { startReceiver } from '../ingest/receiver.ts'
import { nodeFiles } from '../store/files.ts'
import { openStore } from '../store/store.ts'
import { lateFiles } from './late-files.ts'

const [dir, port, mode] = process.argv.slice(2)

const store = await openStore({
  dir: dir!,
  clock: systemClock,
  log: silentLog,
  files: mode === 'late' ? lateFiles : nodeFiles,
  // Much happens in little time where it is to be killed; `plain` is as a gateway does.
  ...(mode === 'plain' ? {} : { syncEveryMs: 10, segmentBytes: 64 * 1024, reserveBlock: 50_000 }),
})
await store.defineTags([])
const receiver = await startReceiver(
  {
    listen: { host: '127.0.0.1', port: Number(port) },
    tls: undefined,
    clients: [{ name: 'edge-1', token: undefined }],
    devices: '{gateway}.{device}',
    maxTags: 1000,
  },
  { store, folder: `${dir}/received`, devices: new Set(), keep: (batch) => store.append(batch), clock: systemClock, log: silentLog }, // prettier-ignore
)
process.on('SIGTERM', () => {
  void receiver
    .stop()
    .then(() => store.close())
    .then(() => process.exit(0))
})
process.stdout.write('listening\n')
