import { existsSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { request as requestHttp } from '../node-http.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** From the root of the API, with its query. */
  readonly path: string
  /** Sent as JSON. */
  readonly body?: unknown
  readonly signal: AbortSignal
}

/** The API of one cluster, with the credential of a kubeconfig or of the pod's ServiceAccount. */
export interface Cluster {
  /** Of the context or of the ServiceAccount, or `default`. */
  readonly namespace: string
  /** Resolves when the head of the answer is there, whatever its status. Rejects when there is no answer. */
  readonly send: (request: Request) => Promise<IncomingMessage>
}

export interface ClusterOptions {
  /** Without it the pod's ServiceAccount counts. */
  readonly kubeconfig?: string | undefined
  readonly context?: string | undefined
  /** Stands before the path of the ServiceAccount's folder. */
  readonly root?: string
}

/**
 * Reads how to reach the API; it asks nothing of it yet. Throws, with what to do, where there is no such way. Tokens and
 * certificates in files are read again as they rotate.
 */
export const openCluster = async ({ kubeconfig, context, root = '' }: ClusterOptions): Promise<Cluster> => {
  // It takes most of a second to load: only who has such a source waits for it.
  const client = await import('@kubernetes/client-node')
  const config = new client.KubeConfig()
  if (kubeconfig !== undefined) loadFile(config, kubeconfig, context)
  else loadServiceAccount(config, root)
  const server = config.getCurrentCluster()?.server ?? ''
  const { namespace } = config.getContextObject(config.getCurrentContext()) ?? {}

  return {
    namespace: namespace?.trim() || 'default',
    send: async ({ method, path, body, signal }) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const options: RequestOptions = {
        method,
        signal,
        headers: {
          accept: 'application/json',
          ...(text && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
        },
      }
      await config.applyToHTTPSOptions(options)
      const url = new URL(server.replace(/\/+$/, '') + path)
      return new Promise((resolve, reject) => {
        const request = (url.protocol === 'http:' ? requestHttp : requestHttps)(url, options, resolve)
        request.on('error', reject)
        request.end(text)
      })
    },
  }
}

const loadFile = (config: KubeConfig, file: string, context: string | undefined): void => {
  try {
    config.loadFromFile(file)
  } catch (error) {
    throw new Error(`the kubeconfig ${file} cannot be read: ${error instanceof Error ? error.message : error}`)
  }
  if (context !== undefined) config.setCurrentContext(context)
  const name = config.getCurrentContext()
  if (!config.getContextObject(name)) throw new Error(`the kubeconfig ${file} has no context ${name}`)
  if (!config.getCurrentCluster()) throw new Error(`the context ${name} of the kubeconfig ${file} names no cluster`)
}

const loadServiceAccount = (config: KubeConfig, root: string): void => {
  const isInPod = process.env['KUBERNETES_SERVICE_HOST'] && existsSync(`${root}${SERVICE_ACCOUNT}/token`)
  if (!isInPod) {
    throw new Error(`no ServiceAccount in ${root}${SERVICE_ACCOUNT}: outside a cluster write kubeconfig: FILE`)
  }
  config.loadFromCluster(root)
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'
