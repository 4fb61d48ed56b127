// Answers policy questions: a JSON list on standard input, a JSON list of the same length on standard output.
// Run as `node simulate.mjs DIRECTORY`, where DIRECTORY has node_modules. simulator.py asks, and gives both their shape.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'

const { runSimulation } = createRequire(resolve(process.argv[2], 'package.json'))('@cloud-copilot/iam-simulate')

const named = (policies) => Object.entries(policies).map(([name, policy]) => ({ name, policy }))
const statement = (found) => `${found.policyId}#${found.explain.identifier}`
const denials = (level) => [level?.ouAnalysis ?? level ?? []].flat().flatMap((one) => one.denyStatements ?? [])

async function answer({ request, identity, scps, boundaries, session, resource }) {
  const ran = await runSimulation({
    request: {
      principal: request.principal,
      action: request.action,
      resource: { resource: request.resource, accountId: request.account },
      contextVariables: request.context,
    },
    identityPolicies: named(identity),
    // One level: every SCP must let a request pass, so FullAWSAccess stands beside those that deny.
    serviceControlPolicies: Object.keys(scps).length ? [{ orgIdentifier: 'organization', policies: named(scps) }] : [],
    resourceControlPolicies: [],
    permissionBoundaryPolicies: Object.keys(boundaries).length ? named(boundaries) : undefined,
    sessionPolicy: session ?? undefined,
    resourcePolicy: resource ?? undefined,
  }, {})
  if (ran.resultType !== 'single') return { error: JSON.stringify(ran.errors ?? ran.resultType) }
  const { analysis, ignoredContextKeys } = ran.result
  const levels = ['scpAnalysis', 'permissionBoundaryAnalysis', 'sessionAnalysis', 'identityAnalysis', 'resourceAnalysis']
  return {
    result: analysis.result,
    allows: ['identityAnalysis', 'resourceAnalysis'].flatMap((one) => analysis[one]?.allowStatements ?? []).map(statement),
    denies: levels.flatMap((one) => denials(analysis[one])).map(statement),
    blocked: analysis.blockedBy ?? [],
    ignored: ignoredContextKeys ?? [],
  }
}

const answers = []
for (const question of JSON.parse(await text(process.stdin))) answers.push(await answer(question))
process.stdout.write(JSON.stringify(answers))
