import type { CatalogView } from '@bitting/client'
import { LEVEL_TITLES } from '@bitting/core'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'

/** The permissions that keys can be given, in their sections. */
export function CatalogPermissions({ catalog }: { readonly catalog: CatalogView }): ReactElement {
  return (
    <Card title="Permissions" description={`What keys of ${catalog.title} can be given.`}>
      <div className="catalog-list">
        {catalog.sections.map(({ title, permissions }) => (
          <section key={title} className="form">
            <h3>{title}</h3>
            <DescriptionList
              items={permissions.map((permission) => ({
                term: permission.title,
                detail: (
                  <>
                    {permission.description}{' '}
                    <span className="catalog-levels">
                      ({permission.levels.map((level) => LEVEL_TITLES[level]).join(', ')})
                    </span>
                  </>
                ),
              }))}
            />
          </section>
        ))}
      </div>
    </Card>
  )
}
