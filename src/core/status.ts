/**
 * OPC UA StatusCodes (OPC 10000-4, 7.39; numbers from Part 6, Annex A): the field's standard quality, used as they stand.
 * Bits 31:30 are the severity (00 Good, 01 Uncertain, 10 Bad); the low 16 bits are flags and do not change the name.
 */
export type StatusCode = number

export interface StatusInfo {
  readonly code: StatusCode
  /** The standard's symbolic name. */
  readonly name: string
  /** What it means for the reader of a value, in one sentence. */
  readonly text: string
}

export const Status = {
  Good: 0x00000000,
  GoodLocalOverride: 0x00960000,
  GoodCompletesAsynchronously: 0x002e0000,
  GoodClamped: 0x00300000,
  GoodNoData: 0x00a50000,
  UncertainNoCommunicationLastUsableValue: 0x408f0000,
  UncertainLastUsableValue: 0x40900000,
  UncertainSubstituteValue: 0x40910000,
  UncertainInitialValue: 0x40920000,
  UncertainSensorNotAccurate: 0x40930000,
  UncertainEngineeringUnitsExceeded: 0x40940000,
  UncertainSubNormal: 0x40950000,
  BadUnexpectedError: 0x80010000,
  BadInternalError: 0x80020000,
  BadOutOfMemory: 0x80030000,
  BadResourceUnavailable: 0x80040000,
  BadCommunicationError: 0x80050000,
  BadEncodingError: 0x80060000,
  BadDecodingError: 0x80070000,
  BadUnknownResponse: 0x80090000,
  BadTimeout: 0x800a0000,
  BadServiceUnsupported: 0x800b0000,
  BadShutdown: 0x800c0000,
  BadTooManyOperations: 0x80100000,
  BadCertificateInvalid: 0x80120000,
  BadSecurityChecksFailed: 0x80130000,
  BadCertificateTimeInvalid: 0x80140000,
  BadCertificateIssuerTimeInvalid: 0x80150000,
  BadCertificateHostNameInvalid: 0x80160000,
  BadCertificateUriInvalid: 0x80170000,
  BadCertificateUseNotAllowed: 0x80180000,
  BadCertificateIssuerUseNotAllowed: 0x80190000,
  BadCertificateUntrusted: 0x801a0000,
  BadCertificateRevocationUnknown: 0x801b0000,
  BadCertificateIssuerRevocationUnknown: 0x801c0000,
  BadCertificateRevoked: 0x801d0000,
  BadCertificateIssuerRevoked: 0x801e0000,
  BadUserAccessDenied: 0x801f0000,
  BadRequestCancelledByClient: 0x802c0000,
  BadNoCommunication: 0x80310000,
  BadWaitingForInitialData: 0x80320000,
  BadNodeIdInvalid: 0x80330000,
  BadNodeIdUnknown: 0x80340000,
  BadAttributeIdInvalid: 0x80350000,
  BadIndexRangeInvalid: 0x80360000,
  BadIndexRangeNoData: 0x80370000,
  BadNotReadable: 0x803a0000,
  BadNotWritable: 0x803b0000,
  BadOutOfRange: 0x803c0000,
  BadNotSupported: 0x803d0000,
  BadObjectDeleted: 0x803f0000,
  BadEventFilterInvalid: 0x80470000,
  BadHistoryOperationUnsupported: 0x80720000,
  BadWriteNotSupported: 0x80730000,
  BadTypeMismatch: 0x80740000,
  BadMethodInvalid: 0x80750000,
  BadArgumentsMissing: 0x80760000,
  BadConfigurationError: 0x80890000,
  BadNotConnected: 0x808a0000,
  BadDeviceFailure: 0x808b0000,
  BadSensorFailure: 0x808c0000,
  BadOutOfService: 0x808d0000,
  BadConditionAlreadyDisabled: 0x80980000,
  BadConditionDisabled: 0x80990000,
  BadEventIdUnknown: 0x809a0000,
  BadNoData: 0x809b0000,
  BadDataLost: 0x809d0000,
  BadInvalidArgument: 0x80ab0000,
  BadInvalidState: 0x80af0000,
  BadEventNotAcknowledgeable: 0x80bb0000,
  BadConditionAlreadyEnabled: 0x80cc0000,
  BadConditionBranchAlreadyAcked: 0x80cf0000,
  BadConditionBranchAlreadyConfirmed: 0x80d00000,
  BadConditionAlreadyShelved: 0x80d10000,
  BadConditionNotShelved: 0x80d20000,
  BadShelvingTimeOutOfRange: 0x80d30000,
  BadTooManyMonitoredItems: 0x80db0000,
  BadTooManyArguments: 0x80e50000,
  BadSecurityModeInsufficient: 0x80e60000,
  BadCertificateChainIncomplete: 0x810d0000,
  BadNotExecutable: 0x81110000,
  BadRequestNotComplete: 0x81130000,
  BadCertificatePolicyCheckFailed: 0x81140000,
} as const

export type StatusName = keyof typeof Status

const TEXT: Record<StatusName, string> = {
  Good: 'The value is good.',
  GoodLocalOverride: 'The value is forced at the device.',
  GoodCompletesAsynchronously: 'The device accepted the request and is still working on it.',
  GoodClamped: 'The value was limited to the range configured for the tag.',
  GoodNoData: 'Nothing has been reported (yet): no event so far, or no history in this range.',
  UncertainNoCommunicationLastUsableValue: 'The connection to the device is lost; this is the last value it gave.',
  UncertainLastUsableValue: 'The value is older than its allowed age, although the device is connected.',
  UncertainSubstituteValue: 'The value was substituted by hand.',
  UncertainInitialValue: 'The value is an initial value that the device has not yet updated.',
  UncertainSensorNotAccurate: 'The sensor is at a limit or jumped further than it plausibly can.',
  UncertainEngineeringUnitsExceeded: 'The value is outside the engineering range configured for the tag.',
  UncertainSubNormal: 'The value is derived from fewer good sources than it needs.',
  BadUnexpectedError: 'An unexpected error occurred in the gateway or the device.',
  BadInternalError: 'An internal error occurred in the gateway or the device.',
  BadOutOfMemory: 'The device or server has no memory left for this.',
  BadResourceUnavailable: 'The device is busy and did not serve the request.',
  BadCommunicationError: 'The exchange with the device failed.',
  BadEncodingError: 'The value could not be encoded for the device.',
  BadDecodingError: 'The device answered with bytes that are not a valid value of this type.',
  BadUnknownResponse: 'The device answered with something the protocol does not allow here.',
  BadTimeout: 'The device did not answer in time.',
  BadServiceUnsupported: 'The server does not offer this service.',
  BadShutdown: 'The gateway is shutting down.',
  BadTooManyOperations: 'The server does not take so many operations in one request.',
  BadCertificateInvalid: 'The certificate, or a signature on it, is not valid.',
  BadSecurityChecksFailed: 'The far side refused the connection for a reason of security that it does not tell.',
  BadCertificateTimeInvalid: 'The certificate has expired, or is not valid yet.',
  BadCertificateIssuerTimeInvalid: 'A certificate of the issuers has expired, or is not valid yet.',
  BadCertificateHostNameInvalid: 'The certificate is not one for the host that was connected to.',
  BadCertificateUriInvalid: 'The certificate names another application than the far side does.',
  BadCertificateUseNotAllowed: 'The certificate may not be used for this.',
  BadCertificateIssuerUseNotAllowed: 'A certificate of the issuers may not sign others.',
  BadCertificateUntrusted: 'Nobody has trusted the certificate.',
  BadCertificateRevocationUnknown: 'It cannot be told whether the certificate was revoked.',
  BadCertificateIssuerRevocationUnknown: 'It cannot be told whether a certificate of the issuers was revoked.',
  BadCertificateRevoked: 'The certificate was revoked by its issuer.',
  BadCertificateIssuerRevoked: 'A certificate of the issuers was revoked.',
  BadUserAccessDenied: 'The user may not do this.',
  BadRequestCancelledByClient: 'A newer request took the place of this one before it was carried out.',
  BadNoCommunication: 'There is no connection to the device and no earlier value.',
  BadWaitingForInitialData: 'The tag has not been read yet.',
  BadNodeIdInvalid: 'The server does not take a node id of this form.',
  BadNodeIdUnknown: 'The device does not know this address.',
  BadAttributeIdInvalid: 'The node is none that has a value.',
  BadIndexRangeInvalid: 'The member that the address names is written in a way that the server does not take.',
  BadIndexRangeNoData: 'The value has no member where the address says there is one.',
  BadNotReadable: 'The device does not allow this address to be read.',
  BadNotWritable: 'The tag or address does not allow writing.',
  BadOutOfRange: 'The value is outside the range that is allowed.',
  BadNotSupported: 'The device does not support this function.',
  BadObjectDeleted: 'The node is no more: it was deleted at the server.',
  BadEventFilterInvalid: 'The server does not take this filter of events.',
  BadHistoryOperationUnsupported: 'The server keeps no history of this node.',
  BadWriteNotSupported: 'The server takes no write of this kind, with a status or a time or by parts.',
  BadTypeMismatch: 'The value does not fit the type of the tag.',
  BadMethodInvalid: 'The object has no such method.',
  BadArgumentsMissing: 'The method takes more arguments than were given.',
  BadConfigurationError: 'The device refused the address: the configuration does not match the device.',
  BadNotConnected: 'The session with the device is not established.',
  BadDeviceFailure: 'The device reports a failure of its own.',
  BadSensorFailure: 'The sensor failed.',
  BadOutOfService: 'The tag or device is disabled.',
  BadConditionAlreadyDisabled: 'The condition is disabled already.',
  BadConditionDisabled: 'The condition is disabled.',
  BadEventIdUnknown: 'The server does not know this event, or it is not the newest one of its condition any more.',
  BadNoData: 'There is no data in this range.',
  BadDataLost: 'Samples were lost here.',
  BadInvalidArgument: 'The method does not take one of the arguments.',
  BadInvalidState: 'The operation is not possible in the present state.',
  BadEventNotAcknowledgeable: 'This event cannot be acknowledged.',
  BadConditionAlreadyEnabled: 'The condition is enabled already.',
  BadConditionBranchAlreadyAcked: 'It was acknowledged already.',
  BadConditionBranchAlreadyConfirmed: 'It was confirmed already.',
  BadConditionAlreadyShelved: 'The condition is shelved already.',
  BadConditionNotShelved: 'The condition is not shelved.',
  BadShelvingTimeOutOfRange: 'The server does not shelve for so long.',
  BadTooManyMonitoredItems: 'The server watches no more items.',
  BadTooManyArguments: 'The method takes fewer arguments than were given.',
  BadSecurityModeInsufficient: 'The server wants a stronger security for this.',
  BadCertificateChainIncomplete: 'An issuer of the certificate is not known.',
  BadNotExecutable: 'The method cannot be called now.',
  BadRequestNotComplete: 'The request was not carried out: its time was over before its turn came.',
  BadCertificatePolicyCheckFailed:
    'The key or the signature of the certificate is too weak, or of a kind that is not allowed.',
}

/** Every status that the gateway itself uses, in ascending order of its code. */
export const STATUS_TABLE: readonly StatusInfo[] = (Object.keys(Status) as StatusName[])
  .map((name) => ({ code: Status[name], name, text: TEXT[name] }))
  .sort((a, b) => a.code - b.code)

const byCode = new Map(STATUS_TABLE.map((info) => [info.code, info]))

export const isGood = (code: StatusCode): boolean => code >>> 30 === 0
export const isUncertain = (code: StatusCode): boolean => code >>> 30 === 1
export const isBad = (code: StatusCode): boolean => code >>> 30 >= 2

/** Name and sentence of a code, its flag bits ignored; a code we don't know keeps its severity and shows its number. */
export function statusInfo(code: StatusCode): StatusInfo {
  const known = byCode.get((code & 0xffff0000) >>> 0)
  if (known !== undefined) return known
  const severity = isGood(code) ? 'Good' : isUncertain(code) ? 'Uncertain' : 'Bad'
  return {
    code,
    name: `${severity}_${statusHex(code)}`,
    text: `The device or server reported status ${statusHex(code)}.`,
  }
}

export const statusName = (code: StatusCode): string => statusInfo(code).name

/** `0x80310000`: as status codes are written. */
export const statusHex = (code: StatusCode): string => `0x${(code >>> 0).toString(16).padStart(8, '0').toUpperCase()}`

/** The status of a symbolic name, or undefined: names compare without regard to case. */
export function statusByName(name: string): StatusInfo | undefined {
  const wanted = name.toLowerCase()
  return STATUS_TABLE.find((info) => info.name.toLowerCase() === wanted)
}

/** The Sparkplug `Quality` property of a status: 0 BAD, 192 GOOD, 500 STALE (Sparkplug 3.0, 6.4.11). */
export function sparkplugQuality(code: StatusCode): 0 | 192 | 500 {
  const base = (code & 0xffff0000) >>> 0
  if (
    base === Status.BadWaitingForInitialData ||
    base === Status.UncertainLastUsableValue ||
    base === Status.UncertainNoCommunicationLastUsableValue
  ) {
    return 500
  }
  return isBad(code) ? 0 : 192
}
