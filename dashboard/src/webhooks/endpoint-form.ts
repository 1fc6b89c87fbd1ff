import type { CreateWebhookEndpointRequest, WebhookEndpointView } from '@bitting/client'
import type { Context } from './context.js'
import { areaField, checkboxes, textField, type Field } from './field.js'
import { Invalid, openForm } from './form-dialog.js'
import { showSecret } from './secret-dialog.js'

type Scheme = NonNullable<CreateWebhookEndpointRequest['signatures']>[number]

const SCHEMES: readonly { readonly value: Scheme; readonly label: string; readonly hint: string }[] = [
  { value: 'standard', label: 'Standard Webhooks', hint: 'HMAC-SHA256 in webhook-signature' },
  { value: 'retell', label: 'Retell', hint: 'x-retell-signature, as Retell’s own SDK verifies it' },
  { value: 'body', label: 'Body alone', hint: 'For receivers that know nothing better: can be replayed' },
  { value: 'ed25519', label: 'Ed25519', hint: 'Standard Webhooks, with a public key in place of a secret' },
]

interface EndpointFields {
  readonly fields: readonly Field[]
  /** @throws {Invalid} */
  readonly read: () => CreateWebhookEndpointRequest
}

/** Asks for a new endpoint, adds it, and shows its secret this once. */
export function askForNewEndpoint(context: Context, refresh: () => void): void {
  const { fields, read } = endpointFields(null)
  openForm({
    title: 'Add an endpoint',
    intro: [],
    fields,
    submit: 'Add the endpoint',
    run: async () => {
      const created = await context.api.createEndpoint(read())
      return () => {
        context.say(`${created.endpoint.url} was added.`)
        refresh()
        showSecret('The endpoint’s secret', created)
      }
    },
  })
}

/** Asks what is to be different about an endpoint. */
export function askForChanges(context: Context, endpoint: WebhookEndpointView, refresh: () => void): void {
  const { fields, read } = endpointFields(endpoint)
  openForm({
    title: 'Edit the endpoint',
    intro: [],
    fields,
    submit: 'Save',
    run: async () => {
      await context.api.updateEndpoint(endpoint.id, read(), endpoint.version)
      return () => {
        context.say('The endpoint was changed.')
        refresh()
      }
    },
  })
}

function endpointFields(before: WebhookEndpointView | null): EndpointFields {
  const url = textField({
    name: 'url',
    label: 'URL',
    hint: 'Where the events are posted, over https.',
    type: 'url',
    value: before?.url ?? '',
    isRequired: true,
  })
  const events = areaField({
    name: 'events',
    label: 'Events',
    hint: 'One on each line: a type as key.created, a beginning as key.*, or * for everything but the types that must be named.',
    value: (before?.events ?? ['*']).join('\n'),
  })
  const description = textField({
    name: 'description',
    label: 'Description',
    hint: 'For people: what is behind the address, and whose it is.',
    value: before?.description ?? '',
  })
  const chosen = before?.signatures ?? ['standard', 'retell', 'body']
  const signatures = checkboxes(
    { name: 'signatures', label: 'Signatures' },
    SCHEMES.map((scheme) => ({ ...scheme, checked: chosen.includes(scheme.value) })),
  )
  const rate = numberField(
    'rate_limit',
    'Requests a second',
    'Empty for no limit.',
    before?.rate_limit ?? null,
  )
  const concurrency = numberField('concurrency', 'Requests at a time', '1 to 64.', before?.concurrency ?? 8)
  const options = deliveryBoxes(before)
  return {
    fields: [url, events, description, signatures, options, rate, concurrency],
    read: () => ({
      url: requireText(
        url.name,
        url.value.trim(),
        'Enter the address, https://example.com/webhooks for example.',
      ),
      events: linesOf(events.value),
      description: description.value,
      signatures: chosenSchemes(signatures.values),
      ordered: options.values.includes('ordered'),
      require_handshake: options.values.includes('require_handshake'),
      rate_limit: rate.value === '' ? null : Number(rate.value),
      concurrency: Number(requireText('concurrency', concurrency.value, 'Enter a number from 1 to 64.')),
    }),
  }
}

function deliveryBoxes(before: WebhookEndpointView | null) {
  return checkboxes({ name: 'ordered', label: 'Delivery' }, [
    {
      value: 'ordered',
      label: 'In order',
      hint: 'The events of one subject wait for one another',
      checked: before?.ordered ?? false,
    },
    {
      value: 'require_handshake',
      label: 'Require a handshake',
      hint: 'Nothing is sent before the receiver said that it wants our requests',
      checked: before?.require_handshake ?? false,
    },
  ])
}

function numberField(name: string, label: string, hint: string, value: number | null) {
  return textField({
    name,
    label,
    hint,
    type: 'number',
    value: value === null ? '' : String(value),
    attributes: { min: 1, inputmode: 'numeric' },
  })
}

function requireText(field: string, value: string, message: string): string {
  if (value === '') throw new Invalid(field, message)
  return value
}

function linesOf(text: string): string[] {
  const lines = text.split(/[\s,]+/).filter((line) => line !== '')
  if (lines.length === 0) throw new Invalid('events', 'Name at least one, or * for all.')
  return lines
}

function chosenSchemes(values: readonly string[]): Scheme[] {
  if (values.length === 0) throw new Invalid('signatures', 'Choose at least one.')
  return SCHEMES.map(({ value }) => value).filter((value) => values.includes(value))
}
