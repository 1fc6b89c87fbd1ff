/** What is used of JSON Schema in our own OpenAPI document, and no more. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema
}

/** The schema itself where it is a reference into its document. */
export function resolveSchema(document: object, schema: JsonSchema): JsonSchema {
  if (schema.$ref === undefined) return schema
  let found: unknown = document
  for (const name of schema.$ref.slice(2).split('/')) found = (found as Record<string, unknown>)[name]
  return found as JsonSchema
}

/** The names of the types that a schema allows. */
export function typesOf(schema: JsonSchema): readonly string[] {
  return [schema.type ?? []].flat()
}
