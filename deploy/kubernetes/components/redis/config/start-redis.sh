#!/bin/sh
# Starts Redis as what it was, or as what the sentinels say: master, or replica of the master. Where nobody knows anything yet, the first one is master.
# POD_NAME, POD_IP, REDIS_DOMAIN and REDIS_PEERS come from the manifest. Passwords consist of letters and digits.
set -eu
umask 077
self=$POD_NAME.$REDIS_DOMAIN
password=$(cat /etc/redis-auth/password)
mkdir -p /data/redis

# The sentinels first; then what the own one knew last; then the first of all.
master=
for peer in $REDIS_PEERS; do
  master=$(REDISCLI_AUTH=$password timeout 2 redis-cli -h "$peer.$REDIS_DOMAIN" -p 26379 --tls --cacert /etc/redis-tls/ca.crt \
    sentinel get-master-addr-by-name bifrost 2>/dev/null | head -n 1) || master=
  case $master in *".$REDIS_DOMAIN") break ;; *) master= ;; esac
done
if [ -z "$master" ] && [ -f /data/sentinel/sentinel.conf ]; then
  master=$(sed -n 's/^sentinel monitor bifrost "\{0,1\}\([^ "]*\)"\{0,1\} .*/\1/p' /data/sentinel/sentinel.conf)
fi
[ -n "$master" ] || master=${REDIS_PEERS%% *}.$REDIS_DOMAIN

{
  cat /etc/redis/redis.conf
  echo "bind $POD_IP"
  echo "requirepass $password"
  echo "masterauth $password"
  echo "replica-announce-ip $self"
  echo "replica-announce-port 6379"
  [ "$master" = "$self" ] || echo "replicaof $master 6379"
} >/data/redis/redis.conf
exec redis-server /data/redis/redis.conf
