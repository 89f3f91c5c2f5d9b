#!/bin/sh
# Runs a command as a job of CI, and reports its status to the catalog while it runs and when it has ended.
#
#   CI_JOB_ID=4711 CI_JOB_URL=https://ci.example.com/4711 report-ci-job.sh checkout make test
#
# Ends as the command ended. A catalog that cannot be reached is reported on stderr, and fails no job.
set -eu
service=$1
shift

now() { date -u +%Y-%m-%dT%H:%M:%SZ; }

report() {
  status=$1
  shift
  portload entity merge ciJob "$CI_JOB_ID" --property "status=$status" "$@" >/dev/null || echo "the catalog does not know: $status" >&2
}

report running --property "page=$CI_JOB_URL" --property "startedAt=$(now)" --relation "microservice=$service" --create-missing
code=0
"$@" || code=$?
if [ "$code" -eq 0 ]; then
  report succeeded --property "endedAt=$(now)"
else
  report failed --property "endedAt=$(now)"
fi
exit "$code"
