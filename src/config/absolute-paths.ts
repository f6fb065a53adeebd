import { resolve } from 'node:path'
import { withAbsoluteFile } from './credentials-schema.ts'
import { withAbsolutePaths } from './redis-source-schema.ts'
import type { ConfigFile, RouteConfig } from './schema.ts'

/** The same configuration with absolute paths: relative ones start at the folder of its file. */
export const toAbsolute = (config: ConfigFile, folder: string): ConfigFile => {
  const at = (path: string): string => resolve(folder, path)
  const { tls, ...listen } = config.listen
  return {
    ...config,
    listen: {
      ...listen,
      ...(tls && {
        tls: {
          certificateFile: at(tls.certificateFile),
          keyFile: at(tls.keyFile),
          ...(tls.clientCaFile && { clientCaFile: at(tls.clientCaFile) }),
        },
      }),
    },
    keys: config.keys.map(({ directory, file, redis, kubernetes, ...others }) => ({
      ...others,
      ...(directory && { directory: at(directory) }),
      ...(file && { file: at(file) }),
      ...(kubernetes && {
        kubernetes: { ...kubernetes, ...(kubernetes.kubeconfig && { kubeconfig: at(kubernetes.kubeconfig) }) },
      }),
      ...(redis && { redis: withAbsolutePaths(redis, at) }),
    })),
    issuers: config.issuers.map((issuer) => ({
      ...issuer,
      ...(issuer.jwksFile && { jwksFile: at(issuer.jwksFile) }),
    })),
    introspection: config.introspection.map((server) => ({
      ...server,
      ...(server.clientSecretFile && { clientSecretFile: at(server.clientSecretFile) }),
      ...(server.clientKeyFile && { clientKeyFile: at(server.clientKeyFile) }),
    })),
    tokenReview: config.tokenReview.map((cluster) => ({
      ...cluster,
      ...(cluster.kubeconfig && { kubeconfig: at(cluster.kubeconfig) }),
    })),
    routes: config.routes.map(({ authorization, credentials, ...route }) => ({
      ...route,
      ...(authorization && { authorization: withAbsoluteSecret(authorization, at) }),
      ...(credentials && { credentials: credentials.map((credential) => withAbsoluteFile(credential, at)) }),
    })),
  }
}

const withAbsoluteSecret = (
  authorization: NonNullable<RouteConfig['authorization']>,
  at: (path: string) => string,
): NonNullable<RouteConfig['authorization']> => {
  if (typeof authorization === 'string') return authorization
  if ('bearer' in authorization) return { bearer: { secretFile: at(authorization.bearer.secretFile) } }
  return { basic: { ...authorization.basic, passwordFile: at(authorization.basic.passwordFile) } }
}
