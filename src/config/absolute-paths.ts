import { resolve } from 'node:path'
import { withAbsolutePaths } from './redis-source-schema.ts'
import type { ConfigFile } from './schema.ts'

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
    routes: config.routes.map((route) =>
      typeof route.authorization === 'object'
        ? {
            ...route,
            authorization: {
              basic: { ...route.authorization.basic, passwordFile: at(route.authorization.basic.passwordFile) },
            },
          }
        : route,
    ),
  }
}
