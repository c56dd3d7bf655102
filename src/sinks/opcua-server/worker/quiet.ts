/** node-opcua writes to the console, which is the gateway's: in this thread there is none. Imported before it. */
import { Console } from 'node:console'
import { Writable } from 'node:stream'

const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
globalThis.console = new Console(nowhere)
