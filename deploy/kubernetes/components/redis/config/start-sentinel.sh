#!/bin/sh
# Starts Sentinel with what it knew before (who is master, and the epochs), and else with the first Redis as master.
set -eu
umask 077
self=$POD_NAME.$REDIS_DOMAIN
password=$(cat /etc/redis-auth/password)
file=/data/sentinel/sentinel.conf
mkdir -p /data/sentinel

master=
known=
if [ -f "$file" ]; then
  master=$(sed -n 's/^sentinel monitor bifrost "\{0,1\}\([^ "]*\)"\{0,1\} .*/\1/p' "$file")
  known=$(grep -E '^sentinel (myid|current-epoch|config-epoch|leader-epoch|known-replica|known-sentinel) ' "$file" || true)
fi
[ -n "$master" ] || master=${REDIS_PEERS%% *}.$REDIS_DOMAIN

{
  cat /etc/redis/sentinel.conf
  echo "bind $POD_IP"
  echo "requirepass $password"
  echo "sentinel sentinel-pass $password"
  echo "sentinel announce-ip $self"
  echo "sentinel announce-port 26379"
  echo "sentinel monitor bifrost $master 6379 2"
  echo "sentinel auth-pass bifrost $password"
  echo "sentinel down-after-milliseconds bifrost 3000"
  echo "sentinel failover-timeout bifrost 10000"
  echo "sentinel parallel-syncs bifrost 1"
  echo "$known"
} >"$file.new"
mv "$file.new" "$file"
exec redis-server "$file" --sentinel
