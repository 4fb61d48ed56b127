"""Quarantag: contains a compromised EC2 instance. This docstring is the map.

Pure, in reading order (no AWS, clock, environment, logger or file):

- `finding` (with `document`, `naming`): a GuardDuty finding, parsed; which instances it names
- `policy` (with `strict`, `matchers`, `matching`, `reach`, `examples`, `expectations`): a policy file, validated
- `decision`: what the policy says for one instance of one finding, and why
- `tagchange`: a tag-change event, parsed
- `instance`: one instance as AWS shows it; `case`: one containment and the state before it
- `access`: the one rule that lets responders in, by parameter
- `plan`: what is left to do; `restoration`: what is left to give back
- `steps/`: each thing that can be done, its IAM actions and what undoes it
- `acl`: network ACLs; `connections`: what is known of those that were open
- `measures/`: what supports the cut, each with its port, its steps, what it keeps and gives back
- `limits`: which counters an isolation falls under; `tagwrite` and `authority`: who asked for a release, and may they
- `revocable`: the role that an instance had; `revoking`: the one policy of it that a function of its own writes
- `survivors` (with `makers`, `remains`): what an instance's sessions made that outlives their denial, and what ends it
- `statuschange`: what workflows are told
- `stacklife`: what CloudFormation asks before the stack is changed or deleted, and what it is answered
- `settings`: the stack's parameters; `announcements` (with `messages`, `links`): what people are told
- `metrics`: what is measured; `switch`: whether acting is paused; `errors`: what is raised

Orchestrating, over the ports of `ports` and `outlets`:

- `tagging`: finding -> decision -> tag, under the lease of `leasing`
- `telling`: what no tag remembers; `digest`: what waits in a storm of messages
- `reconcile`: observe -> plan -> record -> apply -> verify; `isolation` takes away, `releasing` gives back; `outcome`:
  what asks for it and how it ended
- `supporting`: the measures, each in a thread of its own beside the cut
- `aftermath`: what survives, looked up in CloudTrail once a run has ended
- `auditing`: who wrote the tag, as CloudTrail tells; recorded only
- `takedown`: the stack's deletion, refused while anybody is contained
- `sweep`: every instance of a list; `catchup`: findings whose event was lost, and held decisions
- `observing`: everything of one instance, read at once
- `record`: a run's written side (lease, case, audit); `report`: what people see of it; `execution`: calls side by side

`aws/` is the only importer of botocore. `aws/clients` makes its clients, `aws/wiring` the ports, and is the only reader
of the environment; `aws/measuring` the measures, read once one is asked for.
"""
