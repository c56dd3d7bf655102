/** A process that says much to a log on stderr, and tells on stdout how it goes. `unbounded`: past the drain, as a control. */
import { createLogger } from '../observe/log.ts'

const stream = { write: (line: string) => process.stderr.write(line) }
const isBounded = process.argv[2] === 'bounded'
const log = createLogger({ level: 'info', format: 'json', ...(isBounded ? {} : { destination: stream }) })
let [ticks, n] = [0, 0]
const timer = setInterval(() => {
  ticks++
  for (let i = 0; i < 200; i++)
    log.info({ component: 'chatty', n: n++ }, 'This is said again and again, for the sake of a test.')
  const told = { ticks, waitingBytes: process.stderr.writableLength, blocked: log.dropped!.blocked }
  process.stdout.write(`${JSON.stringify(told)}\n`)
}, 10)
process.stdin.resume().on('end', () => {
  clearInterval(timer)
  process.stderr.write('', () => process.exit(0))
})
