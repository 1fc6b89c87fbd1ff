import type { ReactElement, ReactNode } from 'react'
import { Checkbox } from './checkbox.js'
import { classes } from './classes.js'
import { Icon } from './icon.js'
import { Skeleton } from './skeleton.js'

/** By what a table is sorted. */
export interface Sorting {
  readonly by: string
  readonly order: 'asc' | 'desc'
}

/** One column. */
export interface Column<Row> {
  readonly id: string
  readonly header: string
  readonly cell: (row: Row) => ReactNode
  /** The name by which the list can be sorted by it; absent where it cannot. */
  readonly sort?: string | undefined
  /** `end` for numbers and for the column of actions. */
  readonly align?: 'start' | 'end' | undefined
  /** `title` heads the card on phones and is the row's header; `actions` has no label there. */
  readonly role?: 'title' | 'actions' | undefined
}

/** Which rows are chosen. */
export interface Selection<Row> {
  readonly selected: ReadonlySet<string>
  readonly onChange: (selected: ReadonlySet<string>) => void
  /** What a row is called: `CI tests`. */
  readonly label: (row: Row) => string
}

/** What a table takes. */
export interface TableProps<Row> {
  /** What the rows are, for screen readers. */
  readonly caption: string
  readonly columns: readonly Column<Row>[]
  /** Undefined while the first ones are loaded: bones stand in for them. */
  readonly rows: readonly Row[] | undefined
  readonly rowKey: (row: Row) => string
  readonly sorting?: Sorting | undefined
  readonly onSort?: ((sorting: Sorting) => void) | undefined
  readonly selection?: Selection<Row> | undefined
  /** How many bones, 5 unless it is told. */
  readonly bones?: number | undefined
  /** True while other rows are being loaded in place of these. */
  readonly stale?: boolean | undefined
}

/** Rows and columns; on phones a card a row. The roles are named, because cards are no table to some browsers. */
export function Table<Row>(props: TableProps<Row>): ReactElement {
  const { caption, columns, rows, rowKey, selection, bones = 5, stale = false } = props
  return (
    <div className="table-frame" data-stale={stale || undefined}>
      <table className="table" role="table" aria-busy={rows === undefined || stale || undefined}>
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {selection !== undefined && (
              <th role="columnheader" scope="col" className="select-cell">
                <SelectAll rows={rows ?? []} rowKey={rowKey} selection={selection} />
              </th>
            )}
            {columns.map((column) => (
              <Heading key={column.id} column={column} sorting={props.sorting} onSort={props.onSort} />
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows?.map((row) => <TableRow key={rowKey(row)} row={row} {...props} />) ??
            Array.from({ length: bones }, (_, index) => (
              <tr role="row" key={index} className="bone-row">
                {selection !== undefined && <td role="cell" className="select-cell" />}
                {columns.map(({ id, role }) => (
                  <td role="cell" key={id} data-role={role}>
                    <Skeleton width={role === 'title' ? '60%' : role === 'actions' ? '2rem' : '80%'} />
                  </td>
                ))}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  )
}

function TableRow<Row>({
  row,
  columns,
  rowKey,
  selection,
}: TableProps<Row> & { readonly row: Row }): ReactElement {
  const key = rowKey(row)
  const selected = selection?.selected.has(key) === true
  return (
    <tr role="row" data-selected={selected || undefined}>
      {selection !== undefined && (
        <td role="cell" className="select-cell">
          <Checkbox
            label={`Select ${selection.label(row)}`}
            labelHidden
            checked={selected}
            onCheckedChange={(checked) => {
              const next = new Set(selection.selected)
              if (checked) next.add(key)
              else next.delete(key)
              selection.onChange(next)
            }}
          />
        </td>
      )}
      {columns.map(({ id, header, cell, align, role }) =>
        role === 'title' ? (
          <th role="rowheader" scope="row" key={id} data-role="title">
            {cell(row)}
          </th>
        ) : (
          <td
            role="cell"
            key={id}
            data-column={id}
            data-label={header}
            data-role={role}
            className={classes(align === 'end' && 'end')}
          >
            {cell(row)}
          </td>
        ),
      )}
    </tr>
  )
}

function Heading<Row>({
  column: { id, header, sort, align, role },
  sorting,
  onSort,
}: Pick<TableProps<Row>, 'sorting' | 'onSort'> & { readonly column: Column<Row> }): ReactElement {
  const active = sort !== undefined && sorting?.by === sort
  const order = active ? sorting.order : undefined
  return (
    <th
      role="columnheader"
      scope="col"
      data-column={id}
      className={classes(align === 'end' && 'end')}
      aria-sort={order === undefined ? undefined : order === 'asc' ? 'ascending' : 'descending'}
    >
      {sort === undefined || onSort === undefined ? (
        <span className={classes(role === 'actions' && 'visually-hidden')}>{header}</span>
      ) : (
        <button
          type="button"
          className="sort"
          onClick={() => onSort({ by: sort, order: order === 'asc' ? 'desc' : 'asc' })}
        >
          {header}
          <Icon
            name={order === undefined ? 'chevronsUpDown' : order === 'asc' ? 'arrowUp' : 'arrowDown'}
            size={14}
          />
        </button>
      )}
    </th>
  )
}

function SelectAll<Row>({
  rows,
  rowKey,
  selection: { selected, onChange },
}: Pick<TableProps<Row>, 'rowKey'> & {
  readonly rows: readonly Row[]
  readonly selection: Selection<Row>
}): ReactElement {
  const keys = rows.map(rowKey)
  const count = keys.filter((key) => selected.has(key)).length
  return (
    <Checkbox
      label="Select all on this page"
      labelHidden
      checked={count > 0 && count === keys.length}
      indeterminate={count > 0 && count < keys.length}
      onCheckedChange={(checked) => onChange(new Set(checked ? keys : []))}
    />
  )
}
