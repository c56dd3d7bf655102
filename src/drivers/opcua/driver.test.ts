/** The contract of drivers, kept by this one: against node-opcua's server, which needs nothing that is not installed anyway. */
import { Status } from '../../core/status.ts'
import { tagOf, testDriver } from '../../testing/driver-suite.ts'
import { startFaultyServer } from '../../testing/opcua-faulty-server.ts'
import { needs } from '../../testing/peers.ts'
import { describeAddress, type OpcuaAddress } from './address.ts'
import { opcua } from './driver.ts'

const P = 'nsu=urn:bifrost:test:plant;s='

if (needs('openssl') === false)
  testDriver({
    type: opcua,
    async start(t) {
      const server = await startFaultyServer(t, { counters: 1 })
      return {
        options: {
          endpoint: server.url,
          securityPolicy: 'None',
          requestTimeout: '500ms',
          // What the server holds was written before the test began.
          timestamps: { use: 'gateway' },
        },
        readable: [
          { tag: tagOf(`${P}Scalars/Int16`, 'int16'), value: -32_768 },
          { tag: tagOf(`${P}Scalars/String`, 'string'), value: 'Wärme ≥ 5' },
          { tag: tagOf(`${P}Scalars/Int64`, 'int64'), value: -9_223_372_036_854_775_808n },
          { tag: tagOf(`${P}Arrays/Double :: [1]`, 'float64'), value: -2.5 },
          { tag: tagOf(`/{urn:bifrost:test:plant}Plant/SByte`, 'int8'), value: -128 },
        ],
        unreadable: [
          { tag: tagOf(`${P}Nowhere`), status: Status.BadNodeIdUnknown },
          { tag: tagOf('nsu=urn:nobody;s=x'), status: Status.BadNodeIdUnknown },
          { tag: tagOf(`${P}Scalars/String`, 'float64'), status: Status.BadTypeMismatch },
          { tag: tagOf(`${P}Arrays/Double :: [3]`, 'float64'), status: Status.BadIndexRangeNoData },
          { tag: tagOf('call i=2253 / i=11492'), status: Status.BadNotReadable },
        ],
        writable: [
          { tag: tagOf(`${P}Writable/Int16`, 'int16'), value: -12 },
          { tag: tagOf(`${P}Writable/UInt32`, 'uint32'), value: 4_294_967_295 },
          { tag: tagOf(`${P}Writable/String`, 'string'), value: '0815' },
          { tag: tagOf(`${P}Writable/Boolean`, 'bool'), value: false },
        ],
        refused: [
          { tag: tagOf(`${P}Scalars/Int16`, 'int16'), value: 1, status: Status.BadNotWritable },
          { tag: tagOf(`${P}Writable/Int16`, 'int32'), value: 40_000, status: Status.BadTypeMismatch },
          { tag: tagOf(`${P}Nowhere`), value: 1, status: Status.BadNodeIdUnknown },
        ],
        silence: () => server.ask('fault', { service: '*', silent: true }),
        drop: () => server.ask('drop'),
      }
    },
    canonical: (address) => describeAddress(address as OpcuaAddress),
    badAddresses: [
      '',
      'ns=',
      'ns=2',
      'ns=70000;s=x',
      'i=x',
      'i=4294967296',
      '/',
      '/a//b',
      'ns=2;s=a :: [x]',
      'call i=1',
    ],
  })
