import { resolveSchema, typesOf, type JsonSchema } from './json-schema.js'

/** Where a value is not what a schema of an OpenAPI document says; a member that it does not name is a flaw too. */
export function flawsOf(document: object, schema: JsonSchema, value: unknown, at = 'body'): string[] {
  if (schema.$ref !== undefined) return flawsOf(document, resolveSchema(document, schema), value, at)
  const choices = schema.anyOf
  if (choices !== undefined) {
    const found = choices.map((choice) => flawsOf(document, choice, value, at))
    return found.some((flaws) => flaws.length === 0) ? [] : found.flat()
  }
  if (schema.enum !== undefined && value !== null && !schema.enum.includes(value)) {
    return [`${at}: ${JSON.stringify(value)} is none of ${JSON.stringify(schema.enum)}`]
  }
  if (schema.type !== undefined && !typesOf(schema).some((type) => isOfType(value, type))) {
    return [`${at}: ${JSON.stringify(value)} is no ${JSON.stringify(schema.type)}`]
  }
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined
      ? []
      : value.flatMap((item, index) => flawsOf(document, items, item, `${at}.${String(index)}`))
  }
  return typeof value === 'object' && value !== null && schema.type !== undefined
    ? flawsOfMembers(document, schema, value as Record<string, unknown>, at)
    : []
}

function flawsOfMembers(
  document: object,
  { properties = {}, required = [], additionalProperties }: JsonSchema,
  value: Record<string, unknown>,
  at: string,
): string[] {
  const missing = required
    .filter((name) => value[name] === undefined)
    .map((name) => `${at}.${name}: is missing`)
  const present = Object.entries(value).flatMap(([name, member]) => {
    const schema =
      properties[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    return schema === undefined
      ? [`${at}.${name}: is not documented`]
      : flawsOf(document, schema, member, `${at}.${name}`)
  })
  return [...missing, ...present]
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}
