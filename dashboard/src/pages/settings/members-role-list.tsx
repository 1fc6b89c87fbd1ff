import { ROLES } from '@bitting/core'
import type { ReactElement } from 'react'
import { Card } from '../../ui/card.js'
import { DescriptionList } from '../../ui/description-list.js'
import { ROLE_WORDS } from './members-roles.js'

/** What each role can do. */
export function MembersRoles(): ReactElement {
  return (
    <Card
      title="Roles"
      description="Nobody gives what they do not have, and a key can do what it was given, not what its maker can."
    >
      <DescriptionList
        items={ROLES.map((role) => ({ term: ROLE_WORDS[role].label, detail: ROLE_WORDS[role].can }))}
      />
    </Card>
  )
}
