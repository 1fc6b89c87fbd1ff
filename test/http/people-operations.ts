import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { GOOD_PASSWORD } from '../support/people.js'
import type { OperationCase, Prepared } from './operations.js'
import type { Tenant } from './support.js'

/** What an auditor has, which whoever gives the role must have too. */
const AUDITOR = { keys: 'read', audit: 'read', workspace: 'read', members: 'edit', webhooks: 'read' } as const

/** The operations on the people of a workspace by their ids. */
export const PEOPLE_OPERATIONS: Readonly<Record<string, OperationCase>> = {
  listMembers: {
    needs: 'members:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => ({ resource: await joinedMember(tenant) }),
    check: ({ body }, { resource }) => {
      const found = body.data.find(({ id }: { id: string }) => id === resource)
      expect(found).toMatchObject({ name: 'Dora Developer', role: 'developer', second_factor: false })
    },
  },
  updateMember: {
    needs: 'members:edit',
    alsoNeeds: AUDITOR,
    status: 200,
    writes: { action: 'member.update', type: 'user', changes: false },
    prepare: onMember({ body: { role: 'auditor' } }),
    check: ({ body, headers }, { resource }) => {
      expect(body).toMatchObject({ id: resource, role: 'auditor', version: 2 })
      expect(headers.get('etag')).toBe('"2"')
    },
  },
  removeMember: {
    needs: 'members:edit',
    status: 200,
    writes: { action: 'member.remove', type: 'user', changes: false },
    prepare: onMember(),
    check: ({ body }, { resource }) => {
      expect(body).toMatchObject({ id: resource, role: 'developer', version: 2 })
    },
  },
  listInvitations: {
    needs: 'members:read',
    status: 200,
    writes: null,
    prepare: async (tenant) => ({ resource: (await invite(tenant)).id }),
    check: ({ body }, { resource }) => {
      const found = body.data.find(({ id }: { id: string }) => id === resource)
      expect(found).toMatchObject({ role: 'developer', state: 'open' })
    },
  },
  createInvitation: {
    needs: 'members:edit',
    alsoNeeds: AUDITOR,
    status: 201,
    writes: { action: 'invitation.create', type: 'invitation', changes: false, isRepeatable: false },
    prepare: () => Promise.resolve({ body: { email: newEmail(), role: 'auditor' } }),
    check: ({ body }, { body: sent }) => {
      expect(body.invitation).toMatchObject({ ...(sent as object), state: 'open' })
      expect(body.url).toMatch(/^http:\/\/localhost:\d+\/invitation#[0-9A-Za-z]{43}$/)
    },
  },
  revokeInvitation: {
    needs: 'members:edit',
    status: 200,
    writes: { action: 'invitation.revoke', type: 'invitation', changes: false },
    prepare: async (tenant) => {
      const { id } = await invite(tenant)
      return { params: { id }, resource: id }
    },
    check: ({ body }, { resource }) => {
      expect(body).toMatchObject({ id: resource, state: 'revoked' })
    },
  },
}

function onMember(rest: Pick<Prepared, 'body'> = {}): (tenant: Tenant) => Promise<Prepared> {
  return async (tenant) => {
    const id = await joinedMember(tenant)
    return { ...rest, params: { id }, resource: id }
  }
}

/** Invites somebody new as a developer. */
async function invite(tenant: Tenant): Promise<{ readonly id: string; readonly code: string }> {
  const { status, body, text } = await tenant.call('POST', '/v1/invitations', {
    email: newEmail(),
    role: 'developer',
  })
  if (status !== 201) throw new Error(`nobody was invited: ${text}`)
  return { id: body.invitation.id as string, code: String(body.url).split('#')[1] ?? '' }
}

/** The id of a developer who has just joined. */
async function joinedMember(tenant: Tenant): Promise<string> {
  const { code } = await invite(tenant)
  const body = { code, name: 'Dora Developer', password: GOOD_PASSWORD }
  const headers = { 'sec-fetch-site': 'same-origin' }
  const answer = await tenant.call('POST', '/v1/auth/invitation', body, { key: null, headers })
  if (answer.status !== 200) throw new Error(`nobody joined: ${answer.text}`)
  return answer.body.session.user.id as string
}

function newEmail(): string {
  return `${randomUUID()}@example.com`
}
