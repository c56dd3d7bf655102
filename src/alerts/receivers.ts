/** THE REGISTRY of receivers of alerts: one line a kind. Checks of the configuration, its schema and the reference derive from it. */
import { email } from './receivers/email.ts'
import { mqtt } from './receivers/mqtt.ts'
import { webhook } from './receivers/webhook.ts'
import type { ReceiverType } from './receiver.ts'

export const receiverTypes: readonly ReceiverType[] = [webhook, mqtt, email]
