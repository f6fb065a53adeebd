import test from 'ava'
import { runDoorCases } from './run-door-cases.ts'

runDoorCases(test, 'traefik')
