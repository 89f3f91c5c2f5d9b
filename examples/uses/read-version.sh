#!/bin/sh
# Reads existing data: prints the version of a service, or "none" where the catalog does not have it (exit code 1 of portload).
#
#   read-version.sh checkout
set -eu
code=0
entity=$(portload entity get microservice "$1" 2>/dev/null) || code=$?
case $code in
  0) printf '%s\n' "$entity" | jq -r '.entity.properties.version // "none"' ;;
  1) echo none ;;
  *) exit "$code" ;;
esac
