import {
  LEVEL_TITLES,
  levelOf,
  LEVELS,
  rankOf,
  type Access,
  type Catalog,
  type Level,
  type Permission,
  type Section,
} from '@bitting/core'
import { useId, type ReactElement } from 'react'
import { Button } from '../../ui/button.js'
import { Icon } from '../../ui/icon.js'
import { Menu } from '../../ui/menu.js'
import './key-editor.css'

/** The levels of a restricted access, by permission; an absent one is `none`. */
export type Levels = Readonly<Record<string, Level>>

/** What a matrix takes. */
export interface AccessMatrixProps {
  /** From `useCatalog()`. */
  readonly catalog: Catalog
  /** The levels, or `full` for all of them. */
  readonly access: Access
  /** Absent where the matrix is only shown. */
  readonly onLevelsChange?: ((levels: Levels) => void) | undefined
  /** Why a level cannot be given, null where it can. */
  readonly refusal?: ((permission: string, level: Level) => string | null) | undefined
}

/** The permissions in their sections, a level for each: to be set, or only to be read. */
export function AccessMatrix(props: AccessMatrixProps): ReactElement {
  const { catalog, access, onLevelsChange } = props
  const setAll = (permissions: readonly Permission[], level: Level): void => {
    const wanted = permissions.map((it) => [it.id, nearest(it, level, props.refusal)])
    onLevelsChange?.({ ...(access === 'full' ? {} : access), ...(Object.fromEntries(wanted) as Levels) })
  }
  return (
    <table className="matrix" role="table" data-static={onLevelsChange === undefined || undefined}>
      <caption className="visually-hidden">Permissions</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Permission
          </th>
          {LEVELS.map((level) => (
            <th role="columnheader" scope="col" key={level}>
              {LEVEL_TITLES[level]}
              {onLevelsChange !== undefined && (
                <button
                  type="button"
                  className="matrix-all"
                  aria-label={`Set all to ${LEVEL_TITLES[level]}`}
                  onClick={() => setAll(catalog.permissions, level)}
                >
                  Set all
                </button>
              )}
            </th>
          ))}
        </tr>
      </thead>
      {catalog.sections.map((section) => (
        <MatrixSection key={section.title} {...props} section={section} setAll={setAll} />
      ))}
    </table>
  )
}

/** The level itself where it can be given, else the next below that can. */
function nearest({ id, levels }: Permission, wanted: Level, refusal: AccessMatrixProps['refusal']): Level {
  const possible = levels.filter(
    (level) => rankOf(level) <= rankOf(wanted) && (refusal?.(id, level) ?? null) === null,
  )
  return LEVELS.findLast((level) => possible.includes(level)) ?? 'none'
}

function MatrixSection(
  props: AccessMatrixProps & {
    readonly section: Section
    readonly setAll: (permissions: readonly Permission[], level: Level) => void
  },
): ReactElement {
  const { section, onLevelsChange, setAll } = props
  const has = (level: Level): boolean => section.permissions.some(({ levels }) => levels.includes(level))
  return (
    <tbody role="rowgroup">
      <tr role="row" className="matrix-section">
        <th role="rowheader" scope="rowgroup">
          {section.title}
        </th>
        <td role="cell" colSpan={3}>
          {onLevelsChange !== undefined && (
            <Menu
              trigger={
                <Button small variant="quiet" aria-label={`Set all… of ${section.title}`}>
                  Set all…
                </Button>
              }
              groups={[
                {
                  items: LEVELS.filter(has).map((level) => ({
                    label: LEVEL_TITLES[level],
                    onSelect: () => setAll(section.permissions, level),
                  })),
                },
              ]}
            />
          )}
        </td>
      </tr>
      {section.permissions.map((permission) => (
        <MatrixRow key={permission.id} {...props} permission={permission} />
      ))}
    </tbody>
  )
}

function MatrixRow(props: AccessMatrixProps & { readonly permission: Permission }): ReactElement {
  const { permission, access, onLevelsChange, refusal } = props
  const { id, title, description, levels } = permission
  const name = useId()
  const chosen = levelOf(access, id)
  const reasons = [
    ...new Set(levels.map((level) => refusal?.(id, level) ?? null).filter((it) => it !== null)),
  ]
  const change = (level: Level): void =>
    onLevelsChange?.({ ...(access === 'full' ? {} : access), [id]: level })
  return (
    <tr role="row" data-level={chosen}>
      <th role="rowheader" scope="row">
        <span className="matrix-title">{title}</span>
        <span className="hint" id={`${name}-about`}>
          {description}
        </span>
        {reasons.length > 0 && onLevelsChange !== undefined && (
          <span className="hint matrix-reason" id={`${name}-reason`}>
            {reasons.join(' ')}
          </span>
        )}
      </th>
      {LEVELS.map((level) => (
        <td role="cell" key={level} data-chosen={chosen === level || undefined}>
          {!levels.includes(level) ? (
            <NoSuchLevel title={title} level={level} shown={onLevelsChange !== undefined} />
          ) : onLevelsChange === undefined ? (
            <Mark level={level} chosen={chosen === level} />
          ) : (
            <label className="matrix-choice">
              <input
                type="radio"
                name={name}
                checked={chosen === level}
                disabled={(refusal?.(id, level) ?? null) !== null && chosen !== level}
                aria-label={`${title}: ${LEVEL_TITLES[level]}`}
                aria-describedby={`${name}-about${reasons.length > 0 ? ` ${name}-reason` : ''}`}
                onChange={() => change(level)}
              />
              <span className="matrix-word" aria-hidden="true">
                {LEVEL_TITLES[level]}
              </span>
            </label>
          )}
        </td>
      ))}
    </tr>
  )
}

/** A dash stands for it where levels are chosen; where they are only read, that is the sign of no access. */
function NoSuchLevel(props: {
  readonly title: string
  readonly level: Level
  readonly shown: boolean
}): ReactElement {
  const { title, level, shown } = props
  return (
    <span className="matrix-none">
      {shown && <span aria-hidden="true">–</span>}
      <span className="visually-hidden">
        {title} has no {LEVEL_TITLES[level]}
      </span>
    </span>
  )
}

/** The level that a permission has. A tick under No Access would read as allowed. */
function Mark({ level, chosen }: { readonly level: Level; readonly chosen: boolean }): ReactElement {
  return (
    <span className="matrix-mark" data-level={level}>
      {chosen && (
        <>
          {level === 'none' ? <span aria-hidden="true">–</span> : <Icon name="check" size={18} />}
          <span className="matrix-word">{LEVEL_TITLES[level]}</span>
        </>
      )}
    </span>
  )
}
