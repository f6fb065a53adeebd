import test from 'ava'
import { kubernetesSource } from '../../src/config/kubernetes-source-schema.ts'

const problemsOf = (source: unknown): readonly string[] =>
  kubernetesSource.safeParse(source).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? []

test('a Kubernetes source needs a selector: without one every Secret would be a key', (t) => {
  t.deepEqual(
    problemsOf({ labelSelector: 'keys=yes', namespace: 'team-a', kubeconfig: 'k', context: 'c', maxStale: '5m' }),
    [],
  )
  t.deepEqual(problemsOf({ labelSelector: '' }), [
    'labelSelector: is empty: that would take every Secret of the namespace for keys',
  ])
  t.is(problemsOf({}).length, 1)
})

test('maxStale leaves time to hear from the API, and a namespace is a name', (t) => {
  t.deepEqual(problemsOf({ labelSelector: 'a=b', maxStale: '4s' }), ['maxStale: must be 5s at least'])
  t.deepEqual(problemsOf({ labelSelector: 'a=b', namespace: 'a/../b' }), ['namespace: is no name of a namespace'])
  t.is(kubernetesSource.parse({ labelSelector: 'a=b', maxStale: '5m' }).maxStale, 300_000)
})
