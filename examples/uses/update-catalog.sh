#!/bin/sh
# Updates the catalog from a script: what the script has found out of a service, property by property.
#
#   update-catalog.sh checkout language=Go replicas=3
#
# A service that is not in the catalog yet is created. Values become what the blueprint says: 3 is a number here.
set -eu
service=$1
shift
for pair in "$@"; do
  set -- "$@" --property "$pair"
  shift
done
portload entity merge microservice "$service" "$@"
