"""Quarantag: contains a compromised EC2 instance; this docstring is the map.

Pure, in reading order (no AWS, clock, environment, logger or file):
`finding` a GuardDuty finding, parsed; `policy` a severity policy file, validated; `decision` what the policy says for
one instance of one finding; `instance` one instance as AWS shows it; `case` one containment and the state before it;
`plan` what is left to do; `steps/` each thing that can be done, with its IAM actions and what undoes it;
`settings` the stack's parameters; `errors` what is raised.

Orchestrating, over the ports of `ports`: `tagging` finding -> decision -> tag; `reconcile` tag -> isolated instance.

`aws/` is the only importer of boto3; `aws/wiring` is the only reader of the environment.
"""
