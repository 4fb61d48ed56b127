#!/usr/bin/env bash
# Proves in a sandbox account what no emulator can: docs/verify-in-aws.md says what, and what this costs.
# It makes a VPC and an Auto Scaling group of two small instances that share a role, isolates one by the tag, takes its credentials with
# it as a thief does, checks every claim, releases, compares, and removes what it made, also when it fails or is interrupted.
# Usage: docs/verify-in-aws.sh [--yes]
# Settings (environment): STACK (quarantag), TYPE (t3.nano), IMAGE (Amazon Linux 2023 for x86-64), PATIENCE (300 seconds), LATE (1500, for CloudTrail).
# shellcheck disable=SC2015,SC2016,SC2046,SC2086 # pass, skip and answer never fail; a $ for the instance's shell; lists are words
set -uo pipefail

STACK=${STACK:-quarantag} TYPE=${TYPE:-t3.nano} PATIENCE=${PATIENCE:-300} LATE=${LATE:-1500} PAUSE=${PAUSE:-5}
NAME=quarantag-verify-$RANDOM$RANDOM
export AWS_PAGER="" AWS_DEFAULT_OUTPUT=text
HERE=$(mktemp -d)
ID='' SIBLING='' VPC='' SUBNET='' GATEWAY='' ADDRESS='' QUEUE='' STOLEN='' BEGAN=''
PASSED=0 FAILED=0 SKIPPED=0

say() { printf '%s\n' "$*" >&2; }
row() { printf '%-8s %-62s %s\n' "$1" "$2" "${3:0:120}" | tee -a "$HERE/table" >&2; }
pass() { PASSED=$((PASSED + 1)); row PASS "$1" "${2:-}"; }
fail() { FAILED=$((FAILED + 1)); row FAIL "$1" "${2:-}"; }
skip() { SKIPPED=$((SKIPPED + 1)); row SKIPPED "$1" "$2"; }
stop() { say "verify-in-aws: $*"; exit 2; }
# check NAME EXPECTED SEEN: the two are the same text, and not both nothing, as where AWS answered neither.
check() { if [ -n "$2" ] && [ "$2" != None ] && [ "$2" = "$3" ]; then pass "$1" "$3"; else fail "$1" "expected '$2', seen '$3'"; fi; }
# match NAME GLOB SEEN: what was seen is of this shape.
# shellcheck disable=SC2053 # a glob is meant
match() { if [[ $3 == $2 ]]; then pass "$1" "$3"; else fail "$1" "expected '$2', seen '$3'"; fi; }
# lines NAME COUNT REGEX SEEN: there are so many lines, one at least, and each is of this shape whole.
lines() {
  local all good
  all=$(grep -c . <<<"$4")
  good=$(grep -cxE "$3" <<<"$4")
  if [ "$all" -gt 0 ] && [ "$all" = "$2" ] && [ "$good" = "$all" ]; then pass "$1" "$all"; else fail "$1" "expected $2 of '$3', seen '$(tr '\n\t' '; ' <<<"$4")'"; fi
}
# until_is EXPECTED COMMAND...: run it until it prints this (a glob), and print what it printed last.
until_is() {
  local wanted=$1 seen='' end=$((SECONDS + PATIENCE))
  shift
  while :; do
    seen=$("$@" 2>&1)
    # shellcheck disable=SC2053 # a glob is meant
    [[ $seen == $wanted ]] && break
    [ $SECONDS -ge $end ] && break
    sleep "$PAUSE"
  done
  printf '%s' "$seen"
  # shellcheck disable=SC2053
  [[ $seen == $wanted ]]
}

parameter() { aws cloudformation describe-stacks --stack-name "$STACK" --query "Stacks[0].Parameters[?ParameterKey=='$1'].ParameterValue"; }
physical() { aws cloudformation describe-stack-resource --stack-name "$STACK" --logical-resource-id "$1" --query StackResourceDetail.PhysicalResourceId; }
status() { aws ec2 describe-tags --filters "Name=resource-id,Values=$ID" "Name=key,Values=${KEY}Status" --query 'Tags[].Value'; }
interfaces() { aws ec2 describe-network-interfaces --filters "Name=attachment.instance-id,Values=$ID" --query "$1"; }
attribute() { aws ec2 describe-instance-attribute --instance-id "$ID" --attribute "$1" --query "$2.Value"; }
member() { aws autoscaling describe-auto-scaling-instances --instance-ids "$ID" --query "AutoScalingInstances[].$1"; }
group() { aws autoscaling describe-auto-scaling-groups --auto-scaling-group-names "$NAME" --query "AutoScalingGroups[0].$1"; }
profile() { aws ec2 describe-iam-instance-profile-associations --filters "Name=instance-id,Values=$ID" --query "IamInstanceProfileAssociations[?State=='associated'].IamInstanceProfile.Arn"; }
in_service() { group "Instances[?LifecycleState=='InService'] | length(@)"; }
role_tags() { aws iam list-role-tags --role-name "$NAME" --query "Tags[?starts_with(Key, 'QuarantagContained')].Value"; }
role_policies() { aws iam list-attached-role-policies --role-name "$NAME" --query 'sort(AttachedPolicies[].PolicyName)'; }
volumes() { aws ec2 describe-instances --instance-ids "$ID" --query 'Reservations[0].Instances[0].BlockDeviceMappings[].[DeviceName,Ebs.DeleteOnTermination]'; }
inline() { aws iam list-role-policies --role-name "$NAME" --query 'PolicyNames[]' | tr '\t' '\n' | sort; }
inline_denial() { aws iam get-role-policy --role-name "$NAME" --policy-name "Quarantag-$STACK-$ID" --query "PolicyDocument.Statement[].[Effect,Action,Resource,join(',',keys(Condition.DateLessThan))]"; }
addresses() { aws ec2 describe-addresses --filters "Name=instance-id,Values=$ID" --query 'Addresses[].[AllocationId,NetworkInterfaceId,PrivateIpAddress]'; }
metadata() { aws ec2 describe-instances --instance-ids "$ID" --query 'Reservations[0].Instances[0].MetadataOptions.[HttpEndpoint,HttpTokens,HttpPutResponseHopLimit]'; }
survivors() { aws dynamodb get-item --table-name "$(physical ContainmentLedger)" --key "{\"pk\":{\"S\":\"$ID\"},\"sk\":{\"S\":\"case\"}}" --query Item.survivors.S; }
denials() { aws ec2 describe-network-acls --filters "Name=vpc-id,Values=$VPC" --query "length(NetworkAcls[].Entries[?RuleAction=='deny' && RuleNumber<\`32767\`][])"; }

snapshots() { aws ec2 describe-snapshots --owner-ids self --filters "Name=tag:QuarantagInstance,Values=$ID" --query "Snapshots[$1"; }
originals() { snapshots "?!not_null(Tags[?Key=='QuarantagCopyOf'].Value | [0])].SnapshotId" | tr '\t' '\n'; }
copies() { snapshots "?not_null(Tags[?Key=='QuarantagCopyOf'].Value | [0])].[SnapshotId,State,KmsKeyId]"; }
locks() { aws ec2 describe-locked-snapshots --snapshot-ids $1 --query 'Snapshots[].[LockState,LockDuration]'; }
shared() { local one; for one in $1; do aws ec2 describe-snapshot-attribute --snapshot-id "$one" --attribute createVolumePermission --query 'CreateVolumePermissions[].[UserId]'; done; }
metric() { aws cloudwatch get-metric-statistics --namespace Quarantag --metric-name "$1" --dimensions "Name=Stack,Value=$STACK" --start-time "$BEGAN" --end-time "$(date -u +%Y-%m-%dT%H:%M:%SZ)" --period 60 --statistics Sum --query 'sum(Datapoints[].Sum)'; }
# may ROLE ACTION RESOURCE [CONTEXT ENTRY...]: what IAM's own simulator decides for a role of the stack.
may() {
  local role action=$2 resource=$3
  role=$(aws iam get-role --role-name "$(physical "$1")" --query Role.Arn)
  shift 3
  aws iam simulate-principal-policy --policy-source-arn "$role" --action-names "$action" --resource-arns "$resource" ${1:+--context-entries "$@"} --query 'EvaluationResults[].EvalDecision'
}
# heard STATUS: whether an event about the instance with this status has come to the queue.
heard() {
  aws sqs receive-message --queue-url "$QUEUE" --max-number-of-messages 10 --wait-time-seconds 2 --query 'Messages[].Body' | tr '\t' '\n' >>"$HERE/events"
  grep -E '"source": ?"quarantag"' "$HERE/events" | grep -E '"detail-type": ?"Containment Status Change"' | grep -E "\"id\": ?\"$ID\"" | grep -qE "\"status\": ?\"$1\"" && echo told || echo 'not told'
}

# All that a release must bring back, one field a paragraph.
portrait() {
  local one
  for one in "interfaces NetworkInterfaces[].[NetworkInterfaceId,Groups[].GroupId]" "interfaces NetworkInterfaces[].TagSet[?Key=='$KEY'].Value" \
    profile "attribute disableApiTermination DisableApiTermination" "attribute disableApiStop DisableApiStop" \
    "attribute instanceInitiatedShutdownBehavior InstanceInitiatedShutdownBehavior" volumes "member LifecycleState" \
    "member ProtectedFromScaleIn" role_tags role_policies inline addresses metadata denials; do
    printf '%s:\n%s\n' "$one" "$(set -f; read -r f a <<<"$one"; case $f in attribute) set -- $a; $f "$@" ;; *) $f ${a:+"$a"} ;; esac || echo "could not be read ($RANDOM)")"
  done
}

# with_stolen FILE COMMAND...: as whoever has the credentials in the file.
with_stolen() {
  local key secret token file=$1
  shift
  read -r key secret token <"$file"
  env -u AWS_PROFILE AWS_ACCESS_KEY_ID="$key" AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token" \
    aws "$@" >/dev/null 2>"$HERE/answer" && echo allowed || answer
}
answer() { grep -q 'explicit deny' "$HERE/answer" && echo 'explicitly denied' || tail -n 1 "$HERE/answer"; }

# steal INSTANCE FILE: the credentials that its metadata service gives it, by Session Manager's agent.
steal() {
  local id text='T=$(curl -sX PUT http://169.254.169.254/latest/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 60"); curl -s -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/iam/security-credentials/'$NAME
  until_is Online aws ssm describe-instance-information --filters "Key=InstanceIds,Values=$1" --query 'InstanceInformationList[].PingStatus' >/dev/null || return 1
  printf '{"commands": [%s]}' "$(printf '%s' "$text" | sed 's/\\/\\\\/g; s/"/\\"/g; s/^/"/; s/$/"/')" >"$HERE/command.json"
  id=$(aws ssm send-command --instance-ids "$1" --document-name AWS-RunShellScript --parameters "file://$HERE/command.json" --query Command.CommandId) || return 1
  until_is Success aws ssm get-command-invocation --command-id "$id" --instance-id "$1" --query Status >/dev/null || return 1
  (umask 077; aws ssm get-command-invocation --command-id "$id" --instance-id "$1" --query StandardOutputContent |
    sed -nE 's/.*"(AccessKeyId|SecretAccessKey|Token)" *: *"([^"]*)".*/\2/p' | tr '\n' ' ' >"$2"; echo >>"$2")
  [ "$(wc -w <"$2")" -eq 3 ]
}

clean_up() {
  local one
  trap - EXIT INT TERM
  say; say "Removing what was made ($NAME)"
  exec 3>&2 2>>"$HERE/removal"
  for one in $(printf '%s\n' $(group 'Instances[].InstanceId') $ID | sort -u); do
    aws ec2 modify-instance-attribute --instance-id "$one" --attribute disableApiTermination --value false
    aws ec2 modify-instance-attribute --instance-id "$one" --attribute disableApiStop --value false
    for device in /dev/xvda /dev/sda1; do
      aws ec2 modify-instance-attribute --instance-id "$one" --block-device-mappings "[{\"DeviceName\":\"$device\",\"Ebs\":{\"DeleteOnTermination\":true}}]"
    done
    echo "$one" >>"$HERE/instances"
  done
  aws autoscaling delete-auto-scaling-group --auto-scaling-group-name "$NAME" --force-delete
  [ -s "$HERE/instances" ] && xargs aws ec2 terminate-instances --instance-ids <"$HERE/instances" >&2 && xargs aws ec2 wait instance-terminated --instance-ids <"$HERE/instances"
  aws ec2 delete-launch-template --launch-template-name "$NAME" >&2
  if [ -n "$QUEUE" ]; then
    aws events remove-targets --event-bus-name "$(parameter EventBusName)" --rule "$NAME" --ids queue >&2
    aws events delete-rule --event-bus-name "$(parameter EventBusName)" --name "$NAME"
    aws sqs delete-queue --queue-url "$QUEUE"
  fi
  [ -n "$ADDRESS" ] && aws ec2 release-address --allocation-id "$ADDRESS"
  for one in $([ -n "$ID" ] && aws ec2 describe-snapshots --owner-ids self --filters "Name=tag:QuarantagInstance,Values=$ID" --query 'Snapshots[].SnapshotId'); do
    aws ec2 delete-snapshot --snapshot-id "$one"
  done
  for one in $(aws iam list-attached-role-policies --role-name "$NAME" --query 'AttachedPolicies[].PolicyArn'); do
    aws iam detach-role-policy --role-name "$NAME" --policy-arn "$one"
  done
  aws iam delete-role-policy --role-name "$NAME" --policy-name verify
  aws iam remove-role-from-instance-profile --instance-profile-name "$NAME" --role-name "$NAME"
  aws iam delete-instance-profile --instance-profile-name "$NAME"
  aws iam delete-role --role-name "$NAME"
  for one in $(aws iam list-access-keys --user-name "$NAME" --query 'AccessKeyMetadata[].AccessKeyId'); do
    aws iam delete-access-key --user-name "$NAME" --access-key-id "$one"
  done
  aws iam delete-user --user-name "$NAME"
  if [ -n "$VPC" ]; then
    for one in $(aws ec2 describe-security-groups --filters "Name=vpc-id,Values=$VPC" --query "SecurityGroups[?GroupName!='default'].GroupId"); do
      aws ec2 delete-security-group --group-id "$one" >&2
    done
    aws ec2 delete-subnet --subnet-id "$SUBNET"
    aws ec2 detach-internet-gateway --internet-gateway-id "$GATEWAY" --vpc-id "$VPC"
    aws ec2 delete-internet-gateway --internet-gateway-id "$GATEWAY"
    aws ec2 delete-vpc --vpc-id "$VPC"
  fi
  exec 2>&3
  aws ec2 describe-vpcs --vpc-ids "$VPC" >/dev/null 2>&1 && say "The VPC $VPC is left; why: $HERE/removal" && return
  aws iam get-role --role-name "$NAME" >/dev/null 2>&1 && say "The role $NAME is left; why: $HERE/removal" && return
  rm -rf "$HERE"
}

finish() {
  local code=$?
  clean_up
  [ "$code" -ne 0 ] && exit "$code"
  say; say "$PASSED passed, $FAILED failed, $SKIPPED skipped"
  [ "$FAILED" -eq 0 ]
  exit $?
}

begin() {
  command -v aws >/dev/null || stop 'the AWS CLI is not on the PATH: install it, or use CloudShell'
  AWS_DEFAULT_REGION=${AWS_REGION:-${AWS_DEFAULT_REGION:-$(aws configure get region)}} # the thief has no profile to find it in
  export AWS_DEFAULT_REGION
  ACCOUNT=$(aws sts get-caller-identity --query Account) || stop 'no credentials: log in to the sandbox account first'
  KEY=$(parameter IsolationTagKey) || stop "no stack $STACK in this account and Region: deploy it first, or set STACK"
  KEY=${KEY:-SecurityIsolation}
  [ "$(parameter Mode)" != observe ] || stop "the stack's Mode is observe: it changes nothing"
  [ "$(parameter Paused)" != true ] || stop 'the stack is paused: it changes nothing'
  [ "$(parameter ReleasePrincipals)" = '*' ] || say 'ReleasePrincipals is set: the release waits for CloudTrail, so set PATIENCE=1200'
  say "Account $ACCOUNT, stack $STACK: makes $NAME (a VPC, two $TYPE for some ten minutes, a role, a user), and removes it."
  [ "${1:-}" = --yes ] && return
  read -rp 'Go on? [y/N] ' one && [ "$one" = y ] || stop 'nothing was done'
}

make_role() {
  local trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}'
  local user may
  user=$(aws iam create-user --user-name "$NAME" --query User.Arn) || stop 'the user could not be made'
  may='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets","dynamodb:ListTables"],"Resource":"*"},
    {"Effect":"Allow","Action":"iam:CreateAccessKey","Resource":"'$user'"}]}'
  aws iam create-role --role-name "$NAME" --assume-role-policy-document "$trust" >/dev/null &&
    aws iam put-role-policy --role-name "$NAME" --policy-name verify --policy-document "$may" &&
    aws iam create-instance-profile --instance-profile-name "$NAME" >/dev/null &&
    aws iam add-role-to-instance-profile --instance-profile-name "$NAME" --role-name "$NAME" || stop 'the role could not be made'
  aws iam attach-role-policy --role-name "$NAME" --policy-arn arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore ||
    say 'AmazonSSMManagedInstanceCore could not be attached'
  sleep $((PAUSE * 2)) # IAM takes some seconds to show a new profile to EC2
}

make_group() {
  local image=${IMAGE:-} table
  [ -n "$image" ] || image=$(aws ssm get-parameter --name /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64 --query Parameter.Value) || stop 'set IMAGE'
  VPC=$(aws ec2 create-vpc --cidr-block 10.99.0.0/24 --query Vpc.VpcId) || stop 'no VPC'
  SUBNET=$(aws ec2 create-subnet --vpc-id "$VPC" --cidr-block 10.99.0.0/24 --query Subnet.SubnetId) || stop 'no subnet'
  GATEWAY=$(aws ec2 create-internet-gateway --query InternetGateway.InternetGatewayId) || stop 'no gateway'
  aws ec2 attach-internet-gateway --internet-gateway-id "$GATEWAY" --vpc-id "$VPC"
  table=$(aws ec2 describe-route-tables --filters "Name=vpc-id,Values=$VPC" --query 'RouteTables[0].RouteTableId')
  aws ec2 create-route --route-table-id "$table" --destination-cidr-block 0.0.0.0/0 --gateway-id "$GATEWAY" >/dev/null
  aws ec2 modify-subnet-attribute --subnet-id "$SUBNET" --map-public-ip-on-launch
  aws ec2 create-launch-template --launch-template-name "$NAME" --launch-template-data \
    "{\"ImageId\":\"$image\",\"InstanceType\":\"$TYPE\",\"IamInstanceProfile\":{\"Name\":\"$NAME\"},\"MetadataOptions\":{\"HttpTokens\":\"required\"}}" >/dev/null || stop 'no launch template'
  aws autoscaling create-auto-scaling-group --auto-scaling-group-name "$NAME" --min-size 0 --max-size 4 --desired-capacity 2 \
    --launch-template "LaunchTemplateName=$NAME" --vpc-zone-identifier "$SUBNET" || stop 'no Auto Scaling group'
  until_is 2 in_service >/dev/null || stop 'the group has not two members in service'
  read -r ID SIBLING _ <<<"$(group 'Instances[].InstanceId' | tr '\t\n' '  ')"
  # The local cloud's groups give none.
  [ -n "$(profile)" ] || aws ec2 associate-iam-instance-profile --instance-id "$ID" --iam-instance-profile "Name=$NAME" >/dev/null
  until_is '*:instance-profile/*' profile >/dev/null || stop "$ID has no instance profile"
}

# A queue hears the stack's events, as a forensics workflow would.
listen() {
  local arn rule bus
  bus=$(parameter EventBusName)
  QUEUE=$(aws sqs create-queue --queue-name "$NAME" --query QueueUrl) && [ -n "$QUEUE" ] || { say 'no queue: the event will not be heard'; return; }
  arn=$(aws sqs get-queue-attributes --queue-url "$QUEUE" --attribute-names QueueArn --query Attributes.QueueArn)
  rule=$(aws events put-rule --event-bus-name "$bus" --name "$NAME" --event-pattern '{"source":["quarantag"],"detail-type":["Containment Status Change"]}' --query RuleArn)
  printf '{"Policy":"{\\"Version\\":\\"2012-10-17\\",\\"Statement\\":[{\\"Effect\\":\\"Allow\\",\\"Principal\\":{\\"Service\\":\\"events.amazonaws.com\\"},\\"Action\\":\\"sqs:SendMessage\\",\\"Resource\\":\\"%s\\",\\"Condition\\":{\\"ArnEquals\\":{\\"aws:SourceArn\\":\\"%s\\"}}}]}"}' "$arn" "$rule" >"$HERE/queue.json"
  aws sqs set-queue-attributes --queue-url "$QUEUE" --attributes "file://$HERE/queue.json"
  aws events put-targets --event-bus-name "$bus" --rule "$NAME" --targets "Id=queue,Arn=$arn" >/dev/null
}

give_address() {
  [ "$(parameter DisassociateElasticIPs)" = true ] || return 0
  ADDRESS=$(aws ec2 allocate-address --domain vpc --query AllocationId) &&
    aws ec2 associate-address --allocation-id "$ADDRESS" --instance-id "$ID" >/dev/null || say 'no Elastic IP: its check will fail'
}

take_credentials() {
  if steal "$ID" "$HERE/stolen" && steal "$SIBLING" "$HERE/sibling"; then STOLEN=yes; else return; fi
  check "before: the instance's credentials may list buckets" allowed "$(until_is allowed with_stolen "$HERE/stolen" s3api list-buckets)"
  check 'before: they make an access key of a user that may do nothing' allowed "$(until_is allowed with_stolen "$HERE/stolen" iam create-access-key --user-name "$NAME")"
  check "before: the sibling's, too" allowed "$(until_is allowed with_stolen "$HERE/sibling" s3api list-buckets)"
}

isolate() {
  local began=$SECONDS seen
  BEGAN=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  aws ec2 create-tags --resources "$ID" --tags "Key=$KEY,Value=$(parameter IsolateTagValue)" || stop 'the tag could not be written'
  seen=$(until_is 'Isolated*' status) && pass "isolated by the tag, in $((SECONDS - began)) s" "$seen" || fail 'isolated by the tag' "$seen"
}

check_cut() {
  local groups
  groups=$(interfaces 'NetworkInterfaces[].Groups[].GroupId' | tr '\t' '\n' | sort -u)
  lines 'cut: one group on all interfaces' 1 'sg-.*' "$groups"
  check "cut: it is the stack's own" "$STACK" "$(aws ec2 describe-security-groups --group-ids $groups --query "SecurityGroups[].Tags[?Key=='QuarantagStack'].Value[]")"
  if [ -n "$(parameter ForensicAccessSource)" ]; then skip 'cut: it has no rule' 'ForensicAccessSource is set'; else
    check 'cut: it has no rule' '0' "$(aws ec2 describe-security-groups --group-ids $groups --query 'length(SecurityGroups[].[IpPermissions,IpPermissionsEgress][][])')"
  fi
  check 'profile: it may do nothing' "$(physical RootInstanceProfile | sed 's|.*/||')" "$(profile | sed 's|.*/||')"
}

check_supporting() {
  if [ "$(parameter AutoScalingMembers)" = standby ]; then
    check 'Auto Scaling: on standby' Standby "$(until_is Standby member LifecycleState)"
    check 'Auto Scaling: the desired capacity stays' 2 "$(group DesiredCapacity)"
    check 'Auto Scaling: it is replaced' 2 "$(until_is 2 in_service)"
  else skip 'Auto Scaling' 'AutoScalingMembers=keep'; fi
  if [ "$(parameter ProtectInstance)" = true ]; then
    check 'protection: termination' True "$(until_is True attribute disableApiTermination DisableApiTermination)"
    check 'protection: stop' True "$(attribute disableApiStop DisableApiStop)"
    check 'protection: a shutdown stops it' stop "$(attribute instanceInitiatedShutdownBehavior InstanceInitiatedShutdownBehavior)"
    lines 'protection: no volume goes with it' "$(volumes | grep -c .)" '.*False' "$(volumes)"
  else skip protection 'ProtectInstance=false'; fi
  if [ "$(parameter FreezeInterfaces)" = true ]; then
    lines 'freeze: each interface has the tag' "$(interfaces 'length(NetworkInterfaces)')" 'tagged' "$(interfaces "NetworkInterfaces[].[TagSet[?Key=='$KEY'] && 'tagged' || 'bare']")"
  else skip freeze 'FreezeInterfaces=false'; fi
  if [ "$(parameter DisableMetadataService)" = true ]; then check 'metadata service: disabled' disabled "$(metadata | cut -f1)"; else skip 'metadata service' 'DisableMetadataService=false'; fi
  if [ -n "$ADDRESS" ]; then match 'Elastic IP: disassociated' '' "$(until_is '' addresses)"; else skip 'Elastic IP' 'DisassociateElasticIPs=false'; fi
  if [ "$(parameter ExistingConnections)" = nacl ]; then
    [ "$(denials)" -ge 2 ] && pass 'network ACL: denies both directions' || fail 'network ACL: denies both directions' "$(denials) entries"
  else skip 'network ACL' 'ExistingConnections=keep'; fi
}

check_evidence() {
  if [ "$(parameter SnapshotVolumes)" != true ]; then skip evidence 'SnapshotVolumes=false'; return; fi
  lines "evidence: one snapshot of each volume $1" "$(volumes | grep -c .)" 'snap-.*' "$(originals)"
}

# What the sweep finishes: a lock, a copy under a key, a share. It copies once a snapshot is complete, so PATIENCE must be long.
check_handed_over() {
  local days key account mine count handed
  days=$(parameter LockSnapshotsDays) key=$(parameter EvidenceKmsKeyArn) account=$(parameter EvidenceAccountId)
  if [ "$(parameter SnapshotVolumes)" != true ]; then return; fi
  mine=$(originals) count=$(grep -c . <<<"$mine")
  if [ "${days:-0}" != 0 ]; then
    lines 'evidence: locked for the days that the role may (condition SnapshotLockDuration)' "$count" "governance.$days" "$(locks "$mine")"
    check 'evidence: the role may lock for no other time' implicitDeny "$(may IAMRoleForLambdaFunction ec2:LockSnapshot "arn:aws:ec2:$AWS_DEFAULT_REGION::snapshot/snap-0" \
      "ContextKeyName=ec2:SnapshotLockDuration,ContextKeyType=numeric,ContextKeyValues=$((days + 1))" "ContextKeyName=aws:ResourceTag/QuarantagStack,ContextKeyType=string,ContextKeyValues=$STACK")"
  else skip 'evidence: locked' 'LockSnapshotsDays=0'; fi
  if [ -n "$key" ]; then
    until_is "$count" eval "copies | grep -c 'completed'" >/dev/null
    lines 'evidence: one copy of each snapshot, complete, under the key' "$count" "snap-[^[:space:]]*.completed.$key" "$(copies)"
    handed=$(copies | cut -f1)
  else skip 'evidence: copied' 'EvidenceKmsKeyArn is empty'; handed=$mine; fi
  if [ -n "$account" ]; then
    until_is "$count" eval "shared '$(tr '\n' ' ' <<<"$handed")' | grep -c '$account'" >/dev/null
    lines 'evidence: shared with the account, and no other' "$count" "$account" "$(shared "$handed")"
  else skip 'evidence: shared' 'EvidenceAccountId is empty'; fi
}

# check_event STATUS: the bus took the event, and a rule passed it on; that the role may send no other.
check_event() {
  if [ -z "$QUEUE" ]; then skip "event: $1" 'no queue'; return; fi
  check "event: workflows are told of $1" told "$(until_is told heard "$1")"
}

check_bus() {
  local bus kind='ContextKeyName=events:detail-type,ContextKeyType=stringList,ContextKeyValues' source='ContextKeyName=events:source,ContextKeyType=stringList,ContextKeyValues=quarantag' one
  bus=$(physical TellWorkflows | cut -d: -f2):events:$AWS_DEFAULT_REGION:$ACCOUNT:event-bus/$(parameter EventBusName)
  for one in IAMRoleForTagFindingFunction IAMRoleForLambdaFunction IAMRoleForReleaseFunction; do
    check "event: $one may send this kind" allowed "$(may "$one" events:PutEvents "arn:$bus" "$kind=Containment Status Change" "$source")"
    check "event: $one may send no other" implicitDeny "$(may "$one" events:PutEvents "arn:$bus" "$kind=Another" "$source")"
    check "event: $one may send none without a kind" implicitDeny "$(may "$one" events:PutEvents "arn:$bus")"
  done
}

# check_metric NAME: CloudWatch made it of the function's log (embedded metric format), some minutes later.
check_metric() { match "metric: $1 is in CloudWatch" '[1-9]*' "$(until_is '[1-9]*' metric "$1")"; }

check_sessions() {
  local how
  how=$(parameter RevokeCredentials)
  case $how in
    instance)
      match 'sessions: the role is tagged with the instance' "arn:*:instance/$ID" "$(role_tags)"
      match 'sessions: the denial is attached' '*DenyContainedSessions*' "$(role_policies)" ;;
    role)
      lines 'sessions: the role has the policy for this instance' 1 "Quarantag-$STACK-$ID" "$(inline | grep -v '^verify$')"
      check 'sessions: it denies all that was issued before' "Deny * * aws:TokenIssueTime" "$(inline_denial | tr '\t' ' ')" ;;
    *) skip sessions "RevokeCredentials=$how"; return ;;
  esac
  if [ -z "$STOLEN" ]; then skip 'sessions: stolen credentials are denied' 'no credentials: Session Manager did not reach the instances'; return; fi
  check 'sessions: stolen credentials are denied S3' 'explicitly denied' "$(until_is 'explicitly denied' with_stolen "$HERE/stolen" s3api list-buckets)"
  check 'sessions: and DynamoDB' 'explicitly denied' "$(until_is 'explicitly denied' with_stolen "$HERE/stolen" dynamodb list-tables)"
  if [ "$how" = instance ]; then check "sessions: the sibling's are not" allowed "$(with_stolen "$HERE/sibling" s3api list-buckets)"; else
    check "sessions: the sibling's older ones are, too, as the message says" 'explicitly denied' "$(until_is 'explicitly denied' with_stolen "$HERE/sibling" s3api list-buckets)"
  fi
}

# CloudTrail may take 15 minutes, and the sweep looks every five: so this one has a patience of its own.
check_survivors() {
  if [ -z "$STOLEN" ]; then skip 'survivors: the access key is in the case' 'no credentials: Session Manager did not reach the instances'; return; fi
  local made seen PATIENCE=$LATE
  made=$(aws iam list-access-keys --user-name "$NAME" --query 'AccessKeyMetadata[].AccessKeyId')
  [[ $made == AKIA* ]] && seen=$(until_is "*\"$made\"*" survivors) && pass 'survivors: the access key is in the case' "$made" ||
    fail 'survivors: the access key is in the case' "of key '$made': ${seen:-}"
}

release() {
  local seen began=$SECONDS
  aws ec2 create-tags --resources "$ID" --tags "Key=$KEY,Value=$(parameter ReleaseTagValue)" || stop 'the tag could not be written'
  seen=$(until_is 'Released*' status) && pass "released by the tag, in $((SECONDS - began)) s" "$seen" || fail 'released by the tag' "$seen"
  [ "$(parameter AutoScalingMembers)" = standby ] && until_is InService member LifecycleState >/dev/null
  portrait >"$HERE/after"
  if diff "$HERE/before" "$HERE/after" >"$HERE/differs"; then pass 'released: all is as it was'; else fail 'released: all is as it was' "$(tr '\n' ' ' <"$HERE/differs")"; fi
  check_evidence 'is kept'
  if [ -n "$STOLEN" ] && [ "$(parameter RevokeCredentials)" != none ]; then
    check "released: the instance's credentials work again" allowed "$(until_is allowed with_stolen "$HERE/stolen" s3api list-buckets)"
  fi
}

main() {
  begin "$@"
  trap finish EXIT
  trap 'exit 130' INT TERM
  make_role
  make_group
  listen
  give_address
  take_credentials
  portrait >"$HERE/before"
  isolate
  check_cut
  check_supporting
  check_evidence 'is there'
  check_sessions
  check_bus
  check_event Isolated
  check_handed_over
  check_metric Isolated
  check_survivors
  release
  check_event Released
  check_metric Released
}

# Sourced, it only says what it can do: so that tests/test_verify_script.py may show each check a wrong world.
[ "${BASH_SOURCE[0]}" != "$0" ] || main "$@"
