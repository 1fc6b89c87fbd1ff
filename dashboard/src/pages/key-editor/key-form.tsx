import type { Catalog } from '@bitting/core'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactElement, ReactNode, RefCallback, RefObject } from 'react'
import { QueryView } from '../../ui/query-view.js'
import { Skeleton } from '../../ui/skeleton.js'
import { ConditionFields } from './condition-fields.js'
import { IdentityFields } from './identity-fields.js'
import type { DraftFlaws, KeyDraft } from './key-draft.js'
import type { Limits } from './limits.js'
import { PermissionFields } from './permission-fields.js'

/** What the form of a key takes. */
export interface KeyFormProps {
  readonly id: string
  /** Told of the form's element. */
  readonly formRef?: RefCallback<HTMLFormElement> | undefined
  readonly draft: KeyDraft
  readonly onChange: (part: Partial<KeyDraft>) => void
  /** Told of a field that was left: what is wrong with it can be shown. */
  readonly onLeave: (field: keyof DraftFlaws) => void
  readonly flaws: DraftFlaws
  readonly limits: Limits
  readonly catalog: UseQueryResult<Catalog>
  readonly isNew: boolean
  readonly nameRef: RefObject<HTMLInputElement | null>
  readonly onSubmit: () => void
  /** What stands above the fields: what went wrong. */
  readonly problem?: ReactNode | undefined
  /** What only new keys have, below the fields. */
  readonly advanced?: ReactNode | undefined
  /** What comes of it, beside the fields. */
  readonly review: (catalog: Catalog) => ReactNode
}

/** The form of a key, and beside it what comes of it. */
export function KeyForm(props: KeyFormProps): ReactElement {
  const { id, draft, onChange, flaws, limits, catalog, isNew, nameRef } = props
  return (
    <form
      id={id}
      ref={props.formRef}
      className="key-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        props.onSubmit()
      }}
    >
      <div className="key-fields">
        {props.problem}
        <IdentityFields
          draft={draft}
          onChange={onChange}
          flaws={flaws}
          limits={limits}
          catalog={catalog.data}
          isNew={isNew}
          nameRef={nameRef}
        />
        <QueryView
          query={catalog}
          title="The permissions could not be loaded"
          pending={<Skeleton height="30rem" />}
        >
          {(data) => (
            <PermissionFields
              draft={draft}
              onChange={onChange}
              catalog={data}
              limits={limits}
              flaw={flaws.access}
            />
          )}
        </QueryView>
        <ConditionFields draft={draft} onChange={onChange} onLeave={props.onLeave} flaws={flaws} />
        {props.advanced}
      </div>
      {catalog.data === undefined ? <Skeleton height="16rem" /> : props.review(catalog.data)}
    </form>
  )
}
