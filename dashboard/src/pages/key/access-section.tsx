import type { KeyView } from '@bitting/client'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { Notice } from '../../ui/notice.js'
import { QueryView } from '../../ui/query-view.js'
import { AccessMatrix, CapabilityList, useCatalog } from '../key-editor/index.js'

/** What a key may do: its level for each permission, and the operations that follow from them. */
export function AccessSection({ apiKey: { access, kind } }: { readonly apiKey: KeyView }): ReactElement {
  const catalog = useCatalog(kind)
  return (
    <QueryView query={catalog} title="The permissions could not be loaded">
      {(data) => (
        <Card title="What it may do">
          <div className="key-access">
            <h3>Permissions</h3>
            {access === 'full' ? (
              <Notice tone="warn" title="Full access">
                <p>
                  The key may call every operation, also those that no permission covers and those that come
                  later.
                </p>
              </Notice>
            ) : (
              <AccessMatrix catalog={data} access={access} />
            )}
            <h3>Operations</h3>
            <CapabilityList access={access} catalog={data} />
          </div>
        </Card>
      )}
    </QueryView>
  )
}
