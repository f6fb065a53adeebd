/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly items?: JsonSchema
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
}

export interface CustomResourceDefinition {
  readonly kind: string
  readonly spec: {
    readonly group: string
    readonly names: { readonly kind: string }
    readonly versions: readonly {
      readonly name: string
      readonly schema: { readonly openAPIV3Schema: JsonSchema }
    }[]
  }
}

/** The schema of each version of a custom resource, by the file name that kubeconform is told to look for. */
export const toStrictSchemas = ({ spec }: CustomResourceDefinition): readonly (readonly [string, JsonSchema])[] =>
  spec.versions.map(({ name, schema: { openAPIV3Schema } }) => [
    `${spec.names.kind.toLowerCase()}-${spec.group}-${name}.json`,
    toStrict({ ...openAPIV3Schema, properties: { ...openAPIV3Schema.properties, ...EVERY_OBJECT } }),
  ])

/** What the API server knows of every object, whatever its definition says. */
const EVERY_OBJECT = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', additionalProperties: true },
}

/**
 * The schema that refuses what the API server would refuse as unknown. Only structure is closed, never the conditions in
 * `anyOf` and its like, which name some of the fields alone.
 */
const toStrict = (schema: JsonSchema): JsonSchema => {
  const { properties, additionalProperties, items } = schema
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || additionalProperties !== undefined
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, toStrict(value)])),
      ...(!isOpen && { additionalProperties: false }),
    }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: toStrict(additionalProperties) }),
    ...(items && { items: toStrict(items) }),
  }
}
