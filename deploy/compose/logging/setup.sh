#!/usr/bin/env bash
# Prepares Elasticsearch for the logs of the gateway, each time the profile `logging` starts: templates and life cycles of
# deploy/monitoring/logging/elasticsearch, the password of Kibana, and a key that may write logs and nothing else. Not run.
set -euo pipefail
host=http://elasticsearch:9200
elastic=$(cat /run/secrets/elastic-password)
kibana=$(cat /run/secrets/kibana-password)

# Reads the body from stdin, and the password from a file, so that neither stands in the list of processes.
ask() {
  curl --silent --show-error --fail-with-body --config <(printf 'user = "elastic:%s"\n' "$elastic") \
    --header 'content-type: application/json' --request "$1" "$host$2" --data-binary @-
}

printf '{"password":"%s"}' "$kibana" | ask POST /_security/user/kibana_system/_password >/dev/null
for file in /templates/ilm-policy-*.json; do
  name=$(basename "$file" .json)
  ask PUT "/_ilm/policy/bifrost-${name#ilm-policy-}" <"$file" >/dev/null
done
for file in /templates/component-template-*.json; do
  name=$(basename "$file" .json)
  ask PUT "/_component_template/${name#component-template-}" <"$file" >/dev/null
done
for file in /templates/index-template-*.json; do
  name=$(basename "$file" .json)
  ask PUT "/_index_template/bifrost-${name#index-template-}" <"$file" >/dev/null
done

if [ ! -s /keys/logstash ]; then
  answer=$(printf '%s' '{"name":"logstash","role_descriptors":{"writer":{"cluster":["monitor"],"indices":[{"names":["logs-bifrost.*"],"privileges":["create_doc","auto_configure"]}]}}}' |
    ask POST /_security/api_key)
  id=$(sed -E 's/.*"id":"([^"]+)".*/\1/' <<<"$answer")
  key=$(sed -E 's/.*"api_key":"([^"]+)".*/\1/' <<<"$answer")
  # Only the container of Logstash has this volume, and it is not root.
  printf '%s:%s' "$id" "$key" >/keys/logstash
  chmod 644 /keys/logstash
fi
echo 'Elasticsearch is ready for the logs of the gateway.'
