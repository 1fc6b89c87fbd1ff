import type { KeyView, UsageView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { get, path } from '../../api/transport.js'
import { Card } from '../../ui/card.js'
import { QueryView } from '../../ui/query-view.js'
import { useCatalog } from '../key-editor/index.js'
import { PermissionTable } from './permission-table.js'
import { UsageChart, UsageChartPending, UsageRangeChoice } from './usage-chart.js'
import { usageQueryOf, type UsageRange } from './usage-data.js'

const REFRESH_MILLISECONDS = 15_000

/** How a key is used: calls over time, and which of its permissions they needed. */
export function UsageSection({ apiKey }: { readonly apiKey: KeyView }): ReactElement {
  const [range, setRange] = useState<UsageRange>('7d')
  const { data: catalog } = useCatalog(apiKey.kind)
  const usage = useQuery({
    queryKey: ['usage', apiKey.id, range],
    queryFn: ({ signal }) => get<UsageView>(path`/v1/keys/${apiKey.id}/usage`, usageQueryOf(range), signal),
    refetchInterval: REFRESH_MILLISECONDS,
  })
  return (
    <>
      <Card title="Calls" actions={<UsageRangeChoice value={range} onValueChange={setRange} />}>
        <QueryView query={usage} title="The use could not be loaded" pending={<UsageChartPending />}>
          {(data) => <UsageChart usage={data} catalog={catalog} range={range} />}
        </QueryView>
      </Card>
      {usage.data !== undefined && catalog !== undefined && (
        <PermissionTable apiKey={apiKey} data={usage.data.data} catalog={catalog} range={range} />
      )}
    </>
  )
}
