#!/usr/bin/env bash
# Proves in a sandbox account what no emulator can: docs/verify-in-aws.md says what, and what this costs.
# It makes a VPC and an Auto Scaling group of two small instances that share a role, isolates one by the tag, takes its credentials with
# it as a thief does, checks every claim, releases, compares, and removes what it made, also when it fails or is interrupted.
# Usage: docs/verify-in-aws.sh [--yes]
# Settings (environment): STACK (quarantag), TYPE (t3.nano), IMAGE (Amazon Linux 2023 for x86-64), PATIENCE (300 seconds).
# shellcheck disable=SC2015,SC2016,SC2046,SC2086 # pass, skip and answer never fail; a $ for the instance's shell; lists are words
set -uo pipefail

STACK=${STACK:-quarantag} TYPE=${TYPE:-t3.nano} PATIENCE=${PATIENCE:-300} PAUSE=${PAUSE:-5}
NAME=quarantag-verify-$RANDOM$RANDOM
export AWS_PAGER="" AWS_DEFAULT_OUTPUT=text
HERE=$(mktemp -d)
ID='' SIBLING='' VPC='' SUBNET='' GATEWAY='' ADDRESS=''
PASSED=0 FAILED=0 SKIPPED=0

say() { printf '%s\n' "$*" >&2; }
row() { printf '%-8s %-62s %s\n' "$1" "$2" "${3:0:120}" | tee -a "$HERE/table" >&2; }
pass() { PASSED=$((PASSED + 1)); row PASS "$1" "${2:-}"; }
fail() { FAILED=$((FAILED + 1)); row FAIL "$1" "${2:-}"; }
skip() { SKIPPED=$((SKIPPED + 1)); row SKIPPED "$1" "$2"; }
stop() { say "verify-in-aws: $*"; exit 2; }
# check NAME EXPECTED SEEN: the two are the same text.
check() { if [ "$2" = "$3" ]; then pass "$1" "$3"; else fail "$1" "expected '$2', seen '$3'"; fi; }
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
addresses() { aws ec2 describe-addresses --filters "Name=instance-id,Values=$ID" --query 'Addresses[].[AllocationId,NetworkInterfaceId,PrivateIpAddress]'; }
metadata() { aws ec2 describe-instances --instance-ids "$ID" --query 'Reservations[0].Instances[0].MetadataOptions.[HttpEndpoint,HttpTokens,HttpPutResponseHopLimit]'; }
survivors() { aws dynamodb get-item --table-name "$(physical ContainmentLedger)" --key "{\"pk\":{\"S\":\"$ID\"},\"sk\":{\"S\":\"case\"}}" --query Item.survivors.S; }
denials() { aws ec2 describe-network-acls --filters "Name=vpc-id,Values=$VPC" --query "length(NetworkAcls[].Entries[?RuleAction=='deny' && RuleNumber<\`32767\`][])"; }

# All that a release must bring back, one field a paragraph.
portrait() {
  local one
  for one in "interfaces NetworkInterfaces[].[NetworkInterfaceId,Groups[].GroupId]" "interfaces NetworkInterfaces[].TagSet[?Key=='$KEY'].Value" \
    profile "attribute disableApiTermination DisableApiTermination" "attribute disableApiStop DisableApiStop" \
    "attribute instanceInitiatedShutdownBehavior InstanceInitiatedShutdownBehavior" volumes "member LifecycleState" \
    "member ProtectedFromScaleIn" role_tags role_policies addresses metadata denials; do
    printf '%s:\n%s\n' "$one" "$(set -f; read -r f a <<<"$one"; case $f in attribute) set -- $a; $f "$@" ;; *) $f ${a:+"$a"} ;; esac)"
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

give_address() {
  [ "$(parameter DisassociateElasticIPs)" = true ] || return 0
  ADDRESS=$(aws ec2 allocate-address --domain vpc --query AllocationId) &&
    aws ec2 associate-address --allocation-id "$ADDRESS" --instance-id "$ID" >/dev/null || say 'no Elastic IP: its check will fail'
}

take_credentials() {
  STOLEN=''
  if steal "$ID" "$HERE/stolen" && steal "$SIBLING" "$HERE/sibling"; then STOLEN=yes; else return; fi
  check "before: the instance's credentials may list buckets" allowed "$(until_is allowed with_stolen "$HERE/stolen" s3api list-buckets)"
  check 'before: they make an access key of a user that may do nothing' allowed "$(until_is allowed with_stolen "$HERE/stolen" iam create-access-key --user-name "$NAME")"
  check "before: the sibling's, too" allowed "$(until_is allowed with_stolen "$HERE/sibling" s3api list-buckets)"
}

isolate() {
  local began=$SECONDS seen
  aws ec2 create-tags --resources "$ID" --tags "Key=$KEY,Value=$(parameter IsolateTagValue)" || stop 'the tag could not be written'
  seen=$(until_is 'Isolated*' status) && pass "isolated by the tag, in $((SECONDS - began)) s" "$seen" || fail 'isolated by the tag' "$seen"
}

check_cut() {
  local groups
  groups=$(interfaces 'NetworkInterfaces[].Groups[].GroupId' | tr '\t' '\n' | sort -u)
  check 'cut: one group on all interfaces' 1 "$(wc -w <<<"$groups" | tr -d ' ')"
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
    check 'protection: no volume goes with it' 0 "$(volumes | grep -c True)"
  else skip protection 'ProtectInstance=false'; fi
  if [ "$(parameter FreezeInterfaces)" = true ]; then
    check 'freeze: each interface has the tag' 0 "$(interfaces "length(NetworkInterfaces[?!not_null(TagSet[?Key=='$KEY'].Value | [0])])")"
  else skip freeze 'FreezeInterfaces=false'; fi
  if [ "$(parameter DisableMetadataService)" = true ]; then check 'metadata service: disabled' disabled "$(metadata | cut -f1)"; else skip 'metadata service' 'DisableMetadataService=false'; fi
  if [ -n "$ADDRESS" ]; then check 'Elastic IP: disassociated' '' "$(until_is '' addresses)"; else skip 'Elastic IP' 'DisassociateElasticIPs=false'; fi
  if [ "$(parameter ExistingConnections)" = nacl ]; then
    [ "$(denials)" -ge 2 ] && pass 'network ACL: denies both directions' || fail 'network ACL: denies both directions' "$(denials) entries"
  else skip 'network ACL' 'ExistingConnections=keep'; fi
}

check_evidence() {
  if [ "$(parameter SnapshotVolumes)" != true ]; then skip evidence 'SnapshotVolumes=false'; return; fi
  local mine
  mine=$(aws ec2 describe-snapshots --owner-ids self --filters "Name=tag:QuarantagInstance,Values=$ID" --query 'Snapshots[].SnapshotId' | wc -w | tr -d ' ')
  check "evidence: one snapshot of each volume $1" "$(volumes | wc -l | tr -d ' ')" "$mine"
}

check_sessions() {
  if [ "$(parameter RevokeCredentials)" != instance ]; then skip sessions 'RevokeCredentials=none'; return; fi
  check 'sessions: the role is tagged with the instance' "arn:*:instance/$ID" "$([[ $(role_tags) == arn:*:instance/$ID ]] && echo "arn:*:instance/$ID" || role_tags)"
  [[ $(role_policies) == *DenyContainedSessions* ]] && pass 'sessions: the denial is attached' || fail 'sessions: the denial is attached' "$(role_policies)"
  if [ -z "$STOLEN" ]; then skip 'sessions: stolen credentials are denied' 'no credentials: Session Manager did not reach the instances'; return; fi
  check 'sessions: stolen credentials are denied S3' 'explicitly denied' "$(until_is 'explicitly denied' with_stolen "$HERE/stolen" s3api list-buckets)"
  check 'sessions: and DynamoDB' 'explicitly denied' "$(until_is 'explicitly denied' with_stolen "$HERE/stolen" dynamodb list-tables)"
  check "sessions: the sibling's are not" allowed "$(with_stolen "$HERE/sibling" s3api list-buckets)"
}

check_survivors() {
  if [ -z "$STOLEN" ]; then skip 'survivors: the access key is in the case' 'no credentials: Session Manager did not reach the instances'; return; fi
  local made seen
  made=$(aws iam list-access-keys --user-name "$NAME" --query 'AccessKeyMetadata[].AccessKeyId')
  seen=$(until_is "*\"$made\"*" survivors) && pass 'survivors: the access key is in the case' "$made" && return
  [[ $seen == *'could not be looked up'* || $PATIENCE -ge 1500 ]] && fail 'survivors: the access key is in the case' "$seen" ||
    skip 'survivors: the access key is in the case' 'CloudTrail may take 15 minutes, the sweep five: set PATIENCE=1500'
}

release() {
  local seen began=$SECONDS
  aws ec2 create-tags --resources "$ID" --tags "Key=$KEY,Value=$(parameter ReleaseTagValue)" || stop 'the tag could not be written'
  seen=$(until_is 'Released*' status) && pass "released by the tag, in $((SECONDS - began)) s" "$seen" || fail 'released by the tag' "$seen"
  [ "$(parameter AutoScalingMembers)" = standby ] && until_is InService member LifecycleState >/dev/null
  portrait >"$HERE/after"
  if diff "$HERE/before" "$HERE/after" >"$HERE/differs"; then pass 'released: all is as it was'; else fail 'released: all is as it was' "$(tr '\n' ' ' <"$HERE/differs")"; fi
  check_evidence 'is kept'
  if [ -n "$STOLEN" ] && [ "$(parameter RevokeCredentials)" = instance ]; then
    check "released: the instance's credentials work again" allowed "$(until_is allowed with_stolen "$HERE/stolen" s3api list-buckets)"
  fi
}

begin "$@"
trap finish EXIT
trap 'exit 130' INT TERM
make_role
make_group
give_address
take_credentials
portrait >"$HERE/before"
isolate
check_cut
check_supporting
check_evidence 'is there'
check_sessions
check_survivors
release
