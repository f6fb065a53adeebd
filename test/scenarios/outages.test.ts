import test from 'ava'
import { runScenarios } from './run-scenarios.ts'

runScenarios(test, 'outages.yaml')
