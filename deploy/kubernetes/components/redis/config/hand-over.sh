#!/bin/sh
# Before this pod goes: where it is master another one becomes it first, so that nobody waits until its silence is noticed.
ask() {
  port=$1
  shift
  REDISCLI_AUTH=$(cat /etc/redis-auth/password) timeout 3 redis-cli -h "$POD_IP" -p "$port" --tls --cacert /etc/redis-tls/ca.crt "$@"
}
ask 6379 info replication | grep -q '^role:master' || exit 0
ask 26379 sentinel failover bifrost
for _ in 1 2 3 4 5 6 7 8 9 10; do
  ask 6379 info replication | grep -q '^role:master' || exit 0
  sleep 1
done
exit 0
