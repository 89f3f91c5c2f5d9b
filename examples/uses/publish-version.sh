#!/bin/sh
# Publishes a new build version of a service: the last step of a build. Only version and time change; the rest of the entity stays.
#
#   publish-version.sh checkout 1.10
#
# 1.10 stays 1.10: the blueprint says that a version is text.
set -eu
portload entity merge microservice "$1" --property "version=$2" --property "builtAt=$(date -u +%Y-%m-%dT%H:%M:%SZ)" |
  jq -r '.entity | "\(.identifier) is at \(.properties.version)"'
