#!/bin/sh
# Makes the secrets of compose.yml: random, a file each, readable by the one user of the container that needs it. What is there already
# stays. As root the files get their owners; without root (rootless engines) they can be read by all who may enter the folder, which is
# this user alone.
#
#   sudo ./init.sh [FOLDER]          default: ./secrets; another one is named by SECRETS in .env
set -eu
umask 077
cd "$(dirname "$0")"
folder=${1:-./secrets}
mkdir -p "$folder/alertmanager"

random() { head -c 24 /dev/urandom | base64 | tr '+/' '-_'; }

# NAME USER-ID: the secret comes on stdin.
keep() {
  file=$folder/$1
  if [ -e "$file" ]; then
    cat >/dev/null
    return
  fi
  cat >"$file.new"
  if [ "$(id -u)" = 0 ]; then
    chown "$2" "$file.new"
    chmod 400 "$file.new"
  else
    chmod 444 "$file.new"
  fi
  mv "$file.new" "$file"
  echo "made $file"
}

gateway=65532 mosquitto=1883 redis=999 nobody=65534 grafana=472 elastic=1000
random | keep admin-password $gateway
head -c 32 /dev/urandom | base64 | keep bifrost-key $gateway
random | keep mqtt-password $gateway
keep mosquitto-password $mosquitto <"$folder/mqtt-password"
random | keep redis-password $gateway
keep redis-users $redis <<ACL
user default off
user bifrost on >$(cat "$folder/redis-password") ~bifrost:* resetchannels -@all +@connection +xadd +xinfo +xrange +hset
ACL
random | keep grafana-password $grafana
random | keep elastic-password $elastic
random | keep kibana-password $elastic
# Filled when the gateway runs: token.sh.
printf '' | keep bifrost-token $nobody
if [ "$(id -u)" = 0 ]; then chown $nobody "$folder/alertmanager"; else chmod 755 "$folder/alertmanager"; fi

echo "The administrator is admin, with the password in $folder/admin-password."
