import type { KeyView, SecretView } from '@bitting/client'
import { useEffect, useState, type ReactElement } from 'react'
import { Status, type Tone } from '../../ui/badge.js'
import { Card } from '../../ui/card.js'
import { CopyButton } from '../../ui/copy-button.js'
import { KeyHint } from '../../ui/key-hint.js'
import { Table, type Column } from '../../ui/table.js'
import { Time } from '../../ui/time.js'

const STATES = {
  current: ['good', 'Current'],
  retiring: ['wait', 'Retiring'],
  retired: ['quiet', 'Retired'],
  destroyed: ['quiet', 'Destroyed'],
} as const satisfies Record<SecretView['state'], readonly [Tone, string]>

const COLUMNS: readonly Column<SecretView>[] = [
  {
    id: 'hint',
    header: 'Secret',
    role: 'title',
    cell: ({ hint }) => (
      <span className="key-copyable">
        <KeyHint hint={hint} />
        <CopyButton iconOnly text={hint.replace(/…$/, '')} label="Copy the public beginning" />
      </span>
    ),
  },
  {
    id: 'state',
    header: 'State',
    cell: ({ state }) => <Status tone={STATES[state][0]}>{STATES[state][1]}</Status>,
  },
  {
    id: 'created',
    header: 'Made',
    cell: ({ created_at: at }) => <Time value={at} focusable={false} />,
  },
  {
    id: 'until',
    header: 'Good until',
    cell: (secret) => <Until secret={secret} />,
  },
]

/** The secrets of a key: never more than their public beginnings. */
export function SecretsSection({ apiKey: { secrets } }: { readonly apiKey: KeyView }): ReactElement {
  return (
    <Card
      title="Secrets"
      description="A rotation gives the key a new secret; the one before stays good until its overlap ends. Secrets are stored nowhere, only what they are checked with."
      flush
    >
      <Table caption="Secrets" columns={COLUMNS} rows={secrets} rowKey={({ id }) => id} />
    </Card>
  )
}

function Until({ secret: { state, retires_at: at } }: { readonly secret: SecretView }): ReactElement {
  if (at === null || state === 'current') return <>–</>
  if (state === 'retiring') return <Countdown until={at} />
  return <Time value={at} focusable={false} />
}

/** How long it is until then, to the second: `23:59:07`, with days before where there are any. */
function Countdown({ until }: { readonly until: string }): ReactElement {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  const seconds = Math.max(0, Math.round((new Date(until).getTime() - now) / 1000))
  return (
    <span className="key-countdown">
      <span role="timer">{countdownText(seconds)}</span> <Time value={until} look="local" focusable={false} />
    </span>
  )
}

function countdownText(seconds: number): string {
  const days = Math.floor(seconds / 86_400)
  const [hours, minutes, rest] = [
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ]
  const clock = [hours, minutes, rest].map((part) => String(part).padStart(2, '0')).join(':')
  return days === 0 ? clock : `${String(days)} d ${clock}`
}
