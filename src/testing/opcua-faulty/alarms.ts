/**
 * Alarms of the faulty server, with node-opcua's own state machines (OPC 10000-9): `ns=2;s=Tanks` is a notifier of Server, its event source
 * `ns=2;s=Tank` has one ExclusiveLimitAlarm `ns=2;s=Alarms/NAME` for each name of `alarms`, high from 80 on and high-high from 95 on. They can be
 * acknowledged, confirmed, commented on, enabled, disabled and shelved. Its input is the variable `ns=2;s=Inputs/NAME`.
 */
import { DataType } from 'node-opcua-client'
import type { OPCUAServer } from 'node-opcua-server'
import type { ChildSettings } from './child.ts'

export interface FaultyAlarms {
  /** Sets the input of an alarm; answers with the EventId of its newest event, base64. */
  set(name: string, value: number): object
  /** Raises an event of a type without conditions, `times` times; its source is Tanks. */
  fire(event: Readonly<Record<string, unknown>>): void
}

export function createAlarms(server: OPCUAServer, { alarms = [] }: ChildSettings): FaultyAlarms {
  const space = server.engine.addressSpace!
  const namespace = space.registerNamespace('urn:bifrost:test:plant')
  if (alarms.length === 0) return { set: none, fire: none }
  space.installAlarmsAndConditionsService()
  const tanks = namespace.addObject({
    browseName: 'Tanks',
    nodeId: 's=Tanks',
    organizedBy: space.rootFolder.objects,
    eventNotifier: 1,
    notifierOf: space.rootFolder.objects.server,
  })
  const tank = namespace.addObject({
    browseName: 'Tank',
    nodeId: 's=Tank',
    componentOf: tanks,
    eventSourceOf: tanks,
  })
  const made = new Map(alarms.map((name) => [name, createAlarm(name)]))

  function createAlarm(name: string) {
    const input = namespace.addVariable({
      browseName: `${name} input`,
      nodeId: `s=Inputs/${name}`,
      componentOf: tank,
      dataType: 'Double',
      value: { dataType: DataType.Double, value: 0 },
    })
    const alarm = namespace.instantiateExclusiveLimitAlarm('ExclusiveLimitAlarmType', {
      browseName: name,
      nodeId: `s=Alarms/${name}`,
      componentOf: tank,
      conditionSource: tank,
      conditionName: name,
      inputNode: input,
      optionals: ['ConfirmedState', 'Confirm', 'ShelvingState', 'MaxTimeShelved', 'SuppressedState'],
      highHighLimit: 95,
      highLimit: 80,
      lowLimit: -1e9,
      lowLowLimit: -2e9,
      maxTimeShelved: 3_600_000,
    })
    return { input, alarm }
  }

  return {
    set(name, value) {
      const { input, alarm } = made.get(name)!
      input.setValueFromSource({ dataType: DataType.Double, value })
      return { eventId: alarm.eventId.readValue().value.value.toString('base64') }
    },
    fire({ message, severity, type, times }) {
      for (let at = 0; at < Number(times ?? 1); at++)
        tanks.raiseEvent(typeof type === 'string' ? type : 'BaseEventType', {
          message: { dataType: DataType.LocalizedText, value: { text: typeof message === 'string' ? message : '' } },
          severity: { dataType: DataType.UInt16, value: Number(severity ?? 500) },
          sourceName: { dataType: DataType.String, value: 'Tanks' },
        })
    },
  }
}

function none(): never {
  throw new Error('this server has no `alarms`')
}
