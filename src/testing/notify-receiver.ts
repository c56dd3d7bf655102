/** A service manager that only listens: a real Unix datagram socket, which Node cannot make; each message with the process that sent it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { eventually, startProcess, temporaryFolder } from './peers.ts'

const LISTEN = `
import array, json, os, socket, struct, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
path = sys.argv[1]
s.bind('\\0' + path[1:] if path[0] == '@' else path)
out = open(sys.argv[2], 'a', buffering=1)
out.write(json.dumps({'pid': 0, 'text': 'listening'}) + '\\n')
while True:
    data, extra, _, _ = s.recvmsg(65536, 256)
    pid = next((struct.unpack('iII', d)[0] for l, t, d in extra if t == socket.SCM_CREDENTIALS), 0)
    for level, kind, fds in extra:
        # systemd-notify waits until what it sent along (BARRIER=1) is closed.
        if kind == socket.SCM_RIGHTS:
            for fd in array.array('i', fds): os.close(fd)
    out.write(json.dumps({'pid': pid, 'text': data.decode()}) + '\\n')
`

export interface NotifyReceiver {
  /** For NOTIFY_SOCKET. */
  readonly path: string
  messages(): { readonly pid: number; readonly text: string }[]
  /** How often WATCHDOG=1 has come. */
  feeds(): number
  kill(): Promise<void>
}

export async function listenForNotify(t: TestContext, abstract = false): Promise<NotifyReceiver> {
  const folder = temporaryFolder(t)
  const file = join(folder, 'messages')
  const path = abstract ? `@bifrost-test-${process.pid}-${Math.random()}` : join(folder, 'notify.sock')
  const child = startProcess(t, 'python3', ['-c', LISTEN, path, file])
  const all = (): { pid: number; text: string }[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line.endsWith('}'))
          .map((line) => JSON.parse(line) as { pid: number; text: string })
      : []
  await eventually('it listens', () => all().length > 0, 30_000)
  const messages = () => all().slice(1)
  return {
    path,
    messages,
    feeds: () => messages().filter(({ text }) => text.includes('WATCHDOG=1')).length,
    kill: async () => void (await child.stop('SIGKILL')),
  }
}
