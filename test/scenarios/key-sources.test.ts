import test from 'ava'
import { runScenarios } from './run-scenarios.ts'

runScenarios(test, 'key-sources.yaml')
