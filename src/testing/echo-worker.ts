/** A worker for the tests of the link: answers, fails, waits, stands still and ends as it is told. */
import { sleep, systemClock } from '../core/clock.ts'
import { BusyError, NotConnectedError } from '../core/errors.ts'
import { sendEvent, serveWorkerLink, Transferred } from '../wire/worker-service.ts'

serveWorkerLink({
  echo: (args: unknown) => args,
  double: ({ bytes }: { bytes: Uint8Array }) => {
    const result = bytes.map((byte) => byte * 2)
    return new Transferred(result, [result.buffer])
  },
  fail: ({ how }: { how: string }) => {
    if (how === 'lost') throw new NotConnectedError('plc-1 closed the connection', { details: { endpoint: 'x' } })
    if (how === 'busy') throw new BusyError('later', 250)
    throw new TypeError('a defect')
  },
  wait: async (_: unknown, signal: AbortSignal) => {
    try {
      await sleep(systemClock, 60_000, signal)
    } finally {
      sendEvent('ended', { aborted: signal.aborted })
    }
  },
  standStill: () => {
    for (;;);
  },
  exhaust: () => {
    const kept: number[][] = []
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, i) => i + 0.5))
  },
  exit: () => process.exit(3),
})
