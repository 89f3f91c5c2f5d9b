#!/usr/bin/env bash
# The API's operations on entities, with cURL and jq.
#
#   entities.sh token
#   entities.sh get BLUEPRINT IDENTIFIER
#   entities.sh create|merge|override BLUEPRINT ENTITY_AS_JSON
#   entities.sh delete BLUEPRINT IDENTIFIER
#   entities.sh delete-all BLUEPRINT
#
# PORT_API_URL says where, PORT_CLIENT_ID and PORT_CLIENT_SECRET who. The API's JSON goes to stdout, its status to stderr.
# Neither the secret nor the token is among curl's arguments, where other users of the machine could read it.
set -euo pipefail

api_url=${PORT_API_URL:-https://api.port.io/v1}

get_token() {
  jq -n '{clientId: env.PORT_CLIENT_ID, clientSecret: env.PORT_CLIENT_SECRET}' |
    curl -sS --fail-with-body -H 'Content-Type: application/json' --data @- "$api_url/auth/access_token" |
    jq -r .accessToken
}

encode() {
  jq -rn --arg text "$1" '$text | @uri'
}

call() { # $1: method, $2: path and query; the body on stdin, where there is one
  local token reply status
  token=$(get_token)
  reply=$(curl -sS -X "$1" -H @<(printf 'Authorization: Bearer %s\n' "$token") "${@:3}" -w '\n%{http_code}' "$api_url/blueprints/$2")
  status=${reply##*$'\n'}
  jq . <<<"${reply%$'\n'*}"
  echo "$status" >&2
  [[ $status == 2* ]]
}

write() { # $1: blueprint, $2: entity, $3: query
  call POST "$(encode "$1")/entities?$3" -H 'Content-Type: application/json' --data "$2"
}

operation=${1:-help}
case $operation in
  token) get_token ;;
  get) call GET "$(encode "$2")/entities/$(encode "$3")" ;;
  # It fails where the identifier is taken.
  create) write "$2" "$3" 'upsert=false&merge=false' ;;
  # What is given changes, the rest stays.
  merge) write "$2" "$3" 'upsert=true&merge=true' ;;
  # The entity becomes exactly what is given.
  override) write "$2" "$3" 'upsert=true&merge=false' ;;
  delete) call DELETE "$(encode "$2")/entities/$(encode "$3")?delete_dependents=false" ;;
  delete-all) call DELETE "$(encode "$2")/all-entities?delete_blueprint=false" ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 64
    ;;
esac
