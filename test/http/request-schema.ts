import { resolveSchema, typesOf, type JsonSchema } from './json-schema.js'
import { flawsOf } from './response-schema.js'

/** A body with one flaw, and the field at which it is. */
export interface WrongValue {
  readonly what: string
  readonly body: unknown
  readonly field: string
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  null: null,
  boolean: true,
  integer: 1,
  number: 1.5,
  string: 'x',
  array: [],
  object: {},
}

/**
 * The good body with one member after another replaced by a value of each type that the schema does not allow there,
 * each required member left out, and an unknown member added wherever there are members.
 */
export function wrongValues(document: object, schema: JsonSchema, body: unknown): WrongValue[] {
  return wrongAt(document, schema, body, [], (value) => value)
}

function wrongAt(
  document: object,
  schema: JsonSchema,
  value: unknown,
  path: readonly string[],
  place: (value: unknown) => unknown,
): WrongValue[] {
  const resolved = resolveSchema(document, schema)
  const field = path.length === 0 ? 'body' : path.join('.')
  const allowed = allowedTypes(document, resolved)
  const types = Object.entries(SAMPLES)
    .filter(([type]) => !allowed.has(type) && !(type === 'integer' && allowed.has('number')))
    .map(([type, sample]) => ({ what: `${field}: ${type}`, body: place(sample), field }))
  const { properties, required = [], additionalProperties } = formOf(document, resolved, value)
  if (properties === undefined || additionalProperties !== false) return types
  const members = (value ?? {}) as Record<string, unknown>
  const at = (name: string): readonly string[] => [...path, name]
  return [
    ...types,
    ...required.map((name) => ({
      what: `${field}: no ${name}`,
      body: place(Object.fromEntries(Object.entries(members).filter(([member]) => member !== name))),
      field: at(name).join('.'),
    })),
    ...['unknown', 'constructor', '__proto__', ''].map((name) => ({
      what: `${field}: an unknown member ${JSON.stringify(name)}`,
      body: place(withMember(members, name, 1)),
      field: at(name).join('.'),
    })),
    ...Object.entries(properties).flatMap(([name, member]) =>
      wrongAt(document, member, members[name], at(name), (inner) => place(withMember(members, name, inner))),
    ),
  ]
}

/** Of several forms the one that the good value has. */
function formOf(document: object, schema: JsonSchema, value: unknown): JsonSchema {
  const form = schema.anyOf?.find((choice) => flawsOf(document, choice, value).length === 0)
  return form === undefined ? schema : resolveSchema(document, form)
}

/** A copy with one more own member, also where its name is `__proto__`. */
function withMember(members: Readonly<Record<string, unknown>>, name: string, value: unknown): object {
  return Object.fromEntries([...Object.entries(members).filter(([member]) => member !== name), [name, value]])
}

function allowedTypes(document: object, schema: JsonSchema): ReadonlySet<string> {
  const choices = (schema.anyOf ?? []).map((choice) => resolveSchema(document, choice))
  return new Set([schema, ...choices].flatMap(typesOf))
}
