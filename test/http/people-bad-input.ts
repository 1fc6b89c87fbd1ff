import { LONG_ID, OLD_VERSION, PAGES, PRECONDITIONS, REQUEST, type BadInput } from './bad-values.js'

const ROLES: readonly BadInput[] = ['Owner', 'root', '', 'full', '__proto__'].map((role) => ({
  what: `the role ${JSON.stringify(role)}`,
  body: { role },
  field: 'role',
}))

const EMAILS: readonly BadInput[] = [
  '',
  'x',
  '@example.com',
  'a@',
  'a b@example.com',
  'a@b@example.com',
  'a@.com',
  'a@example.',
  '<a@example.com>',
  `${'x'.repeat(65)}@example.com`,
  `a@${'x'.repeat(260)}.com`,
].map((email) => ({ what: `the address ${email.slice(0, 30)}`, body: { email }, field: 'email' }))

/** The flaws of the operations on people. */
export const PEOPLE_BAD_INPUTS: Readonly<Record<string, readonly BadInput[]>> = {
  listMembers: [...PAGES, { what: 'an unknown member', query: '?role=owner', field: 'role', ...REQUEST }],
  updateMember: [
    ...ROLES,
    ...PRECONDITIONS,
    OLD_VERSION,
    LONG_ID,
    { what: 'a change of the address', body: { email: 'other@example.com' }, field: 'email' },
  ],
  removeMember: [...PRECONDITIONS, OLD_VERSION, LONG_ID],
  listInvitations: [
    ...PAGES,
    { what: 'an unknown member', query: '?state=open', field: 'state', ...REQUEST },
  ],
  createInvitation: [...ROLES, ...EMAILS],
  revokeInvitation: [LONG_ID],
  getSignInPolicy: [],
  setSignInPolicy: [
    ...PRECONDITIONS,
    OLD_VERSION,
    ...[0, 721, 1.5, '8'].map((hours) => ({
      what: `sessions of ${JSON.stringify(hours)} hours`,
      body: { session_hours: hours },
      field: 'session_hours',
    })),
    ...[4, 43_201, 1.5, '5'].map((minutes) => ({
      what: `${JSON.stringify(minutes)} minutes without use`,
      body: { idle_minutes: minutes },
      field: 'idle_minutes',
    })),
  ],
}
