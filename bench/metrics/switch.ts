/** Whether what is counted for the metrics is counted now; the modules beside this one ask. */
let isOn = true

export const isCounting = (): boolean => isOn

export const count = (on: boolean): void => void (isOn = on)
