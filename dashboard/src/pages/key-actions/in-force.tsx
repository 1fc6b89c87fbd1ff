import { useQuery } from '@tanstack/react-query'
import type { ReactElement } from 'react'
import { get } from '../../api/transport.js'
import type { NodesView } from '@bitting/client'
import { Icon } from '../../ui/icon.js'
import './key-actions.css'

const LOOK_MILLISECONDS = 1_000

/**
 * Whether every node has heard of a change that was just made: how many have, until all have. The change is in the
 * newest revision that there is when this is first shown, so a node at that revision refuses or allows by it.
 */
export function InForce({
  change,
}: {
  /** What was done and when, a name for it that no other change has. */
  readonly change: string
}): ReactElement | null {
  const wanted = useQuery({
    queryKey: ['revision-of', change],
    queryFn: async ({ signal }) => (await get<NodesView>('/v1/nodes', {}, signal)).revision,
    staleTime: Infinity,
  }).data
  const { data: nodes } = useQuery({
    queryKey: ['nodes', change],
    queryFn: ({ signal }) => get<NodesView>('/v1/nodes', {}, signal),
    enabled: wanted !== undefined,
    staleTime: 0,
    refetchInterval: ({ state }) => (isEverywhere(state.data, wanted) ? false : LOOK_MILLISECONDS),
  })
  const reached = nodes?.nodes.filter(({ revision }) => revision >= (wanted ?? Infinity)).length ?? 0
  const everywhere = isEverywhere(nodes, wanted)
  return (
    <p className="in-force" role="status" data-done={everywhere || undefined}>
      {everywhere ? <Icon name="check" size={18} /> : <span className="spinner" aria-hidden="true" />}
      {nodes === undefined
        ? 'Telling the nodes…'
        : `Acknowledged by ${String(reached)} of ${String(nodes.nodes.length)} ${nodes.nodes.length === 1 ? 'node' : 'nodes'}`}
    </p>
  )
}

function isEverywhere(nodes: NodesView | undefined, wanted: number | undefined): boolean {
  if (nodes === undefined || wanted === undefined || nodes.nodes.length === 0) return false
  return nodes.nodes.every(({ revision }) => revision >= wanted)
}
