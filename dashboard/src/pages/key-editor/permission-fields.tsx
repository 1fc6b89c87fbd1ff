import { presetAccess, PRESETS } from '@bitting/client'
import type { Access, Catalog } from '@bitting/core'
import type { ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import { Notice } from '../../ui/notice.js'
import { Switch } from '../../ui/switch.js'
import { accessEquals } from './access-diff.js'
import { AccessMatrix } from './access-matrix.js'
import { accessSentence } from './access-summary.js'
import { capabilityCount, CapabilityList } from './capability-list.js'
import { draftAccess, type KeyDraft } from './key-draft.js'
import type { Limits } from './limits.js'

/** What the part of the form about permissions takes. */
export interface PermissionFieldsProps {
  readonly draft: KeyDraft
  readonly onChange: (part: Partial<KeyDraft>) => void
  readonly catalog: Catalog
  readonly limits: Limits
  readonly flaw: string | undefined
}

/** Full access or a list, presets, the matrix, and what comes of it. */
export function PermissionFields(props: PermissionFieldsProps): ReactElement {
  const { draft, onChange, catalog, limits, flaw } = props
  const access = draftAccess(draft)
  return (
    <div className="key-part" data-part="access">
      <h3>Permissions</h3>
      <Switch
        label="Restrict permissions"
        hint={
          limits.full ?? 'On, the key can do what is chosen below and nothing else. Off, it has full access.'
        }
        checked={draft.restricted}
        disabled={limits.full !== null && draft.restricted}
        onCheckedChange={(restricted) => onChange({ restricted })}
      />
      {draft.restricted ? (
        <>
          {draft.kind === 'api' && <Presets catalog={catalog} access={access} onChange={onChange} />}
          <AccessMatrix
            catalog={catalog}
            access={access}
            refusal={limits.refusal}
            onLevelsChange={(levels) => onChange({ levels })}
          />
        </>
      ) : (
        <FullAccess kind={draft.kind} />
      )}
      <Excess {...props} access={access} />
      {flaw !== undefined && (
        <Notice tone="bad" alert>
          <p>{flaw}</p>
        </Notice>
      )}
      <Outcome catalog={catalog} access={access} />
    </div>
  )
}

function Presets(props: {
  readonly catalog: Catalog
  readonly access: Access
  readonly onChange: PermissionFieldsProps['onChange']
}): ReactElement {
  const { catalog, access, onChange } = props
  const usual = PRESETS.flatMap((preset) => {
    const levels = presetAccess(preset.id, catalog.permissions)
    return levels === null || levels === 'full' ? [] : [{ ...preset, levels }]
  })
  return (
    <div className="presets" role="group" aria-label="Presets">
      <span className="hint" aria-hidden="true">
        Begin with
      </span>
      {usual.map(({ id, title, description, levels }) => (
        <button
          key={id}
          type="button"
          className="preset"
          title={description}
          aria-pressed={accessEquals(access, levels)}
          onClick={() => onChange({ levels })}
        >
          {title}
        </button>
      ))}
    </div>
  )
}

function FullAccess({ kind }: Pick<KeyDraft, 'kind'>): ReactElement {
  return (
    <Notice tone="warn" title="Full access">
      <p>
        {kind === 'api'
          ? 'Whoever gets hold of this key can call everything, including what is added later.'
          : 'Whoever gets hold of this key can make and change keys, read the audit log and change the workspace.'}{' '}
        Making it asks for a recent sign-in.
      </p>
    </Notice>
  )
}

/** Above a limit nothing is cut in silence: the person sees it, and lowers it. */
function Excess({
  draft,
  onChange,
  catalog,
  limits,
  access,
}: PermissionFieldsProps & { readonly access: Access }): ReactElement | null {
  const excess = limits.excess(access)
  if (excess.length === 0) return null
  const titles = excess.map((id) => catalog.permissions.find((it) => it.id === id)?.title ?? 'Full access')
  return (
    <Notice tone="bad" alert title="More than this key can be given">
      <p>
        {access === 'full'
          ? limits.full
          : `${titles.join(', ')}: this is above what ${draft.environment} or your role allows.`}
      </p>
      <Button
        small
        onClick={() => onChange(access === 'full' ? { restricted: true } : { levels: limits.lower(access) })}
      >
        {access === 'full' ? 'Restrict permissions' : 'Lower to what is allowed'}
      </Button>
    </Notice>
  )
}

function Outcome({ catalog, access }: { readonly catalog: Catalog; readonly access: Access }): ReactElement {
  return (
    <>
      <div className="outcome" role="status" data-nothing={accessEquals(access, {}) || undefined}>
        <p>
          <b>{accessSentence(catalog, access)}</b>
        </p>
        {accessEquals(access, {}) && (
          <p className="hint">Choose permissions above. A key that only signs webhooks needs none.</p>
        )}
      </div>
      <details className="disclosure">
        <summary>{capabilityCount(catalog, access)}</summary>
        <CapabilityList catalog={catalog} access={access} />
      </details>
    </>
  )
}
