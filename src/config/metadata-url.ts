const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/** RFC 9728 §3.1: the well-known part stands between the host and the path of the resource; a path of `/` alone is none. */
export const toMetadataUrl = (resource: string): string => {
  const { origin, pathname } = new URL(resource)
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}`
}
