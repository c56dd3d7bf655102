/** The worker of the opcua-server sink, for tests of its end: it exits when it is told to. */
import '../sinks/opcua-server/worker/main.ts'

new BroadcastChannel('opcua-server-crash').addEventListener('message', () => process.exit(1))
