import type { UsageView } from '@bitting/client'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactElement } from 'react'
import { get } from '../../api/transport.js'
import { Card } from '../../ui/card.js'
import { QueryView } from '../../ui/query-view.js'
import { UsageChart, UsageChartPending, UsageRangeChoice } from '../key/usage-chart.js'
import { usageQueryOf, type UsageRange } from '../key/usage-data.js'
import { useCatalog } from '../key-editor/index.js'

const REFRESH_MILLISECONDS = 15_000

/** The calls of all keys together over time. */
export function RequestsCard(): ReactElement {
  const [range, setRange] = useState<UsageRange>('7d')
  // Management keys are counted by permissions of the management API: that catalog has both.
  const { data: catalog } = useCatalog('management')
  const usage = useQuery({
    queryKey: ['usage', 'all', range],
    queryFn: ({ signal }) => get<UsageView>('/v1/usage', usageQueryOf(range), signal),
    refetchInterval: REFRESH_MILLISECONDS,
  })
  return (
    <Card title="Calls over time" actions={<UsageRangeChoice value={range} onValueChange={setRange} />}>
      <QueryView query={usage} title="The use could not be loaded" pending={<UsageChartPending />}>
        {(data) => <UsageChart usage={data} catalog={catalog} range={range} />}
      </QueryView>
    </Card>
  )
}
