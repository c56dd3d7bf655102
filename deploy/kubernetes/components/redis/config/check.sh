#!/bin/sh
# check.sh alive PORT: it answers. check.sh ready: it is master, or replica with a link to its master.
set -eu
ask() {
  port=$1
  shift
  REDISCLI_AUTH=$(cat /etc/redis-auth/password) timeout 3 redis-cli -h "$POD_IP" -p "$port" --tls --cacert /etc/redis-tls/ca.crt "$@"
}
case $1 in
  alive) ask "$2" ping | grep -qE 'PONG|LOADING|MASTERDOWN' ;;
  ready) ask 6379 info replication | grep -qE '^(role:master|master_link_status:up)' ;;
  *) exit 2 ;;
esac
