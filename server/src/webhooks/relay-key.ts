/** What the key of a relay is bound to, so that it cannot be moved to another relay. Sealed is its text in UTF-8. */
export function relayKeyContext(workspaceId: string, relayId: string): string {
  return `webhook-relay:${workspaceId}:${relayId}`
}
