import { useQuery } from '@tanstack/react-query'
import type { KeyView } from '@bitting/client'
import { useState, type ReactElement, type ReactNode } from 'react'
import { useCan } from '../../session/session.js'
import { Button } from '../../ui/button.js'
import { Card } from '../../ui/card.js'
import { CodeBlock } from '../../ui/code-block.js'
import { Icon } from '../../ui/icon.js'
import { CreateKeyDialog, useCatalog } from '../key-editor/index.js'
import { workspaceQuery } from '../settings/workspace-query.js'

/** The way to the first call, as long as none was made. */
export function FirstSteps({ apiKey }: { readonly apiKey: KeyView | null }): ReactElement {
  const can = useCan()
  const [adding, setAdding] = useState(false)
  return (
    <Card title="Welcome" description="Three steps to the first call that is checked here.">
      <ol className="first-steps">
        <Step number={1} title="Add a key" done={apiKey !== null}>
          {apiKey === null ? (
            <>
              <p>Choose what its caller may do. You get its token once.</p>
              {can('keys:edit') ? (
                <Button variant="primary" icon="plus" onClick={() => setAdding(true)}>
                  Add key
                </Button>
              ) : (
                <p className="hint">Owners, admins and developers can add keys.</p>
              )}
            </>
          ) : (
            <p>“{apiKey.name}” is there.</p>
          )}
        </Step>
        <Step number={2} title="Point your client to the gateway">
          <p>
            It stands in front of the API. Your client calls it in place of the API, with the token as before.
          </p>
          <FirstCall />
        </Step>
        <Step number={3} title="See the first call arrive">
          {apiKey === null ? (
            <p>It shows here within seconds.</p>
          ) : (
            <p className="in-force" role="status">
              <span className="spinner" aria-hidden="true" /> Waiting for the first call…
            </p>
          )}
        </Step>
      </ol>
      <CreateKeyDialog open={adding} onOpenChange={setAdding} />
    </Card>
  )
}

function Step(props: {
  readonly number: number
  readonly title: string
  readonly done?: boolean
  readonly children: ReactNode
}): ReactElement {
  const { number, title, done = false, children } = props
  return (
    <li className="first-step" data-done={done || undefined}>
      <span className="first-step-number">
        {done ? <Icon name="check" size={18} /> : <span aria-hidden="true">{number}</span>}
        {done && <span className="visually-hidden">Done</span>}
      </span>
      <div className="first-step-body">
        <h3>{title}</h3>
        {children}
      </div>
    </li>
  )
}

/** A call that reads something and changes nothing, with an operation that the catalog has. */
function FirstCall(): ReactElement {
  const { data: catalog } = useCatalog()
  const operation = catalog?.operations.find(
    ({ method, template }) => method === 'GET' && !template.includes('{'),
  )
  const { data: workspace } = useQuery(workspaceQuery)
  const address = `${workspace?.gateway_url ?? ''}${operation?.template ?? '/'}`
  return (
    <CodeBlock
      label="A first call"
      wrap
      code={`curl ${address} \\\n  -H "Authorization: Bearer YOUR_TOKEN"`}
    />
  )
}
