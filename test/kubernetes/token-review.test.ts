import test from 'ava'
import { tokenReviewSchema } from '../../src/config/token-review-schema.ts'
import { toDigest } from '../../src/key/digest.ts'
import { createTokenReview } from '../../src/verify/token-review.ts'
import { eventually } from '../fixtures/eventually.ts'
import { createRecorder } from '../fixtures/recorder.ts'
import { buildKustomization, parseManifests, writeKustomization } from '../manifests/kustomize.ts'
import { type ControlPlane, startControlPlane } from './control-plane.ts'
import { createCreateObject, sendRequest } from './create-object.ts'

const NAMESPACE = 'bearergate'

let plane: ControlPlane

test.before(async (t) => {
  t.timeout(900_000)
  plane = await startControlPlane()
  const create = createCreateObject(plane.admin)
  const mine = writeKustomization(plane.folder, {
    namespace: NAMESPACE,
    resources: ['../base'],
    components: ['../components/token-review'],
  })
  for (const object of [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'worker', namespace: 'team-a' } },
    ...parseManifests(await buildKustomization(mine)),
  ]) {
    const { code, body } = await create(object, { namespace: NAMESPACE })
    if (code >= 300) throw new Error(`${object.kind} ${object.metadata.name}: ${JSON.stringify(body)}`)
  }
})

test.after.always(() => plane?.close())

const requestToken = async (account: string, spec: object = {}): Promise<string> => {
  const path = `/api/v1/namespaces/${account.replace('/', '/serviceaccounts/')}/token`
  const { body } = await sendRequest(plane.admin, 'POST', path, { spec: { expirationSeconds: 600, ...spec } })
  return body.status.token
}

/** What the gate says about tokens, with its own token and with the shipped right. */
const open = async (settings: object = {}) => {
  const kubeconfig = plane.writeKubeconfig('gate', await requestToken(`${NAMESPACE}/bearergate`), NAMESPACE)
  const config = tokenReviewSchema.parse({
    ...{ issuer: `https://127.0.0.1:${plane.port}`, audiences: ['gate'], kubeconfig, timeout: '30s', ...settings },
  })
  const { observer } = createRecorder()
  const authority = createTokenReview(config, { max: 10, now: Date.now, elapsed: () => performance.now(), observer })
  const ask = async (token: string): Promise<string> => {
    const answer = await authority.ask(token, toDigest(token), undefined)
    return answer.kind === 'verified' ? answer.principal.subject : `${answer.kind} ${answer.reason}`
  }
  return { authority, ask, kubeconfig }
}

test.serial('a ServiceAccount is known by a token for our audience, and by no other token', async (t) => {
  const { ask } = await open()
  t.is(await ask(await requestToken('team-a/worker', { audiences: ['gate'] })), 'system:serviceaccount:team-a:worker')
  t.is(await ask(await requestToken('team-a/worker')), 'rejected wrong_audience')
  t.is(await ask(await requestToken('team-a/worker', { audiences: ['other'] })), 'rejected wrong_audience')
  const [header, , signature] = (await requestToken('team-a/worker', { audiences: ['gate'] })).split('.')
  const claims = {
    iss: `https://127.0.0.1:${plane.port}`,
    aud: ['gate'],
    sub: 'system:serviceaccount:kube-system:root',
  }
  const forged = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
  t.is(await ask(forged), 'rejected inactive_token')
})

test.serial('a token that is bound to a Secret is refused once that is gone', async (t) => {
  const { ask } = await open({ cacheFor: '0s' })
  const create = createCreateObject(plane.admin)
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'bound', namespace: 'team-a' } }
  const { body } = await create(secret, { namespace: 'team-a' })
  const boundObjectRef = { apiVersion: 'v1', kind: 'Secret', name: 'bound', uid: body.metadata.uid }
  const token = await requestToken('team-a/worker', { audiences: ['gate'], boundObjectRef })
  t.is(await ask(token), 'system:serviceaccount:team-a:worker')
  await sendRequest(plane.admin, 'DELETE', '/api/v1/namespaces/team-a/secrets/bound')
  // The API itself believes what it has found good for ten seconds.
  t.true(await eventually(async () => (await ask(token)) === 'rejected inactive_token', 30_000))
})

test.serial('without the right the API refuses the gate: an outage, with the reason in the API’s words', async (t) => {
  const kubeconfig = plane.writeKubeconfig('worker', await requestToken('team-a/worker'))
  const { ask, authority } = await open({ kubeconfig })
  t.is(await ask(await requestToken('team-a/worker', { audiences: ['gate'] })), 'unavailable token_review_unavailable')
  t.regex(authority.problems().join(), /the API says 403: .*cannot create resource "tokenreviews"/)
})

test.serial('while the API is away tokens are an outage, and then they are good again', async (t) => {
  t.timeout(120_000)
  const { ask, authority } = await open()
  const token = await requestToken('team-a/worker', { audiences: ['gate'] })
  await plane.stopApi()
  t.is(await ask(token), 'unavailable token_review_unavailable')
  t.regex(authority.problems().join(), /ECONNREFUSED/)
  await plane.startApi()
  t.is(await ask(token), 'system:serviceaccount:team-a:worker')
})
