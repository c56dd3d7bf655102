/**
 * Apache Kafka itself, one broker and controller in one process, where its class path is here: BIFROST_KAFKA_CLASSPATH names a file with it,
 * as `mvn dependency:build-classpath` writes it for org.apache.kafka:kafka_2.13 and kafka-tools. Anybody may do anything without a login;
 * who logs in may do what access control lists say. Starting takes about ten seconds, so a file of tests shares one.
 */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort, needs, startProcess, temporaryFolder, type Cleanup } from './peers.ts'

const run = promisify(execFile)
const FILE = process.env.BIFROST_KAFKA_CLASSPATH

export function needsApacheKafka(): string | false {
  if (FILE === undefined) return 'BIFROST_KAFKA_CLASSPATH names no file with the class path of Apache Kafka'
  return needs('java', 'kcat')
}

export interface ApacheKafka {
  /** Without a login; a super user. */
  readonly plain: string
  /** With a login: PLAIN user `plant`, SCRAM user `scram`, password `right`. */
  readonly sasl: string
  /** With TLS, where there is a certificate. */
  readonly tls: string
  /** Without a login, as clients see it through a relay: where it listens, and where it says that it does. */
  readonly relayed: { readonly port: number; readonly advertised: number }
  /** Runs one of Kafka's own command line tools against it. */
  tool(main: string, ...args: readonly string[]): Promise<string>
}

/** `tls`: PEM files of the server. Batches of more than 20,000 bytes are too large for it. */
export async function startApacheKafka(
  t: Cleanup,
  tls: { cert: string; key: string; ca: string },
): Promise<ApacheKafka> {
  const env = { ...process.env, CLASSPATH: readFileSync(FILE!, 'utf8').trim() }
  const folder = temporaryFolder(t)
  const ports = {
    plain: await freePort(),
    control: await freePort(),
    sasl: await freePort(),
    secure: await freePort(),
    relayed: await freePort(),
    advertised: await freePort(),
  }
  const { plain, sasl, secure } = ports
  const pem = join(folder, 'server.pem')
  writeFileSync(pem, `${await pkcs8(tls.key)}${readFileSync(tls.cert, 'utf8')}`)
  const file = join(folder, 'server.properties')
  writeFileSync(file, settings(folder, ports, pem).join('\n') + '\n')
  const java = (main: string, ...args: readonly string[]) => run('java', ['-Xmx256m', main, ...args], { env })
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((name) => [
    '--add-scram',
    `${name}=[name=scram,password=right]`,
  ])
  await java('kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qk', '-c', file, ...scram)
  const server = startProcess(t, 'java', ['-Xmx512m', 'kafka.Kafka', file], { env })
  await server.waitFor(/Kafka Server started|KafkaRaftServer nodeId=1\] Kafka/, 60_000)
  return {
    plain: `127.0.0.1:${plain}`,
    sasl: `127.0.0.1:${sasl}`,
    tls: `localhost:${secure}`,
    relayed: { port: ports.relayed, advertised: ports.advertised },
    tool: async (main, ...args) => (await java(main, '--bootstrap-server', `127.0.0.1:${plain}`, ...args)).stdout,
  }
}

const pkcs8 = async (key: string): Promise<string> =>
  (await run('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', key])).stdout

function settings(
  folder: string,
  ports: Readonly<Record<'plain' | 'control' | 'sasl' | 'secure' | 'relayed' | 'advertised', number>>,
  pem: string,
): string[] {
  const listeners = [
    `PLAINTEXT://127.0.0.1:${ports.plain}`,
    `SASL_PLAINTEXT://127.0.0.1:${ports.sasl}`,
    `SSL://localhost:${ports.secure}`,
  ]
  const jaas = 'org.apache.kafka.common.security'
  const login = (name: string) => `listener.name.sasl_plaintext.${name}.sasl.jaas.config=${jaas}`
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${ports.control}`,
    `listeners=${[...listeners, `RELAYED://127.0.0.1:${ports.relayed}`, `CONTROLLER://127.0.0.1:${ports.control}`].join(',')}`,
    `advertised.listeners=${[...listeners, `RELAYED://127.0.0.1:${ports.advertised}`].join(',')}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,RELAYED:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    `${login('plain')}.plain.PlainLoginModule required user_plant="right" user_guest="right";`,
    `${login('scram-sha-256')}.scram.ScramLoginModule required;`,
    `${login('scram-sha-512')}.scram.ScramLoginModule required;`,
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${pem}`,
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
    `log.dirs=${join(folder, 'logs')}`,
    'num.partitions=3',
    'offsets.topic.replication.factor=1',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'auto.create.topics.enable=true',
    'message.max.bytes=20000',
  ]
}
