#!/usr/bin/env bash
# What docs/keep-it-off.md shows is taken by what it is for: the units by systemd, the manifest by
# Kubernetes' schema, the workflow by its own; and their commands run, against a sandbox.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/needs.sh
source tests/needs.sh
# shellcheck source=tests/checks.sh
source tests/checks.sh
need systemd-analyze:systemd python3:python3-venv || exit 1

page=docs/keep-it-off.md
tool=$PWD/target/debug/sg-open-tracking
build=build/keep-it-off
rm -rf "$build/units"
mkdir -p "$build/units"
"${CARGO:-cargo}" build --locked --quiet --package sg-open-tracking
if [[ ! -x $build/venv/bin/check-jsonschema ]]; then
    python3 -m venv "$build/venv"
    "$build/venv/bin/pip" install --quiet --disable-pip-version-check check-jsonschema==0.33.3 kubernetes-validate==1.33.1 'setuptools<80'
fi

# block COMMENT: the block behind that comment.
block() {
    awk -v comment="<!-- $1 -->" '$0 == comment { found = 1; next } found && /^```/ { if (inside) exit; inside = 1; next } inside' "$page"
}
for unit in sg-open-tracking.service sg-open-tracking-failed.service sg-open-tracking.timer; do
    # Where the program is not installed, systemd would say just that.
    block "unit: $unit" | sed "s|/usr/bin/sg-open-tracking|$tool|" >"$build/units/$unit"
done
block manifest >"$build/cronjob.yaml"
block workflow >"$build/workflow.yaml"

# Without a system manager some versions say what is of no account here.
verify() {
    local said
    said=$(systemd-analyze verify --man=no "$build"/units/* 2>&1) || { echo "$said"; return 1; }
    said=$(grep -F sg-open-tracking <<<"$said" || true)
    [[ ! $said ]] || { echo "$said"; return 1; }
}
in_sandbox() {
    # shellcheck disable=SC2016 # the inner shell has the variables
    tests/with_sandbox.sh bash -c '
        export SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE
        export CREDENTIALS_DIRECTORY=$1/credentials
        mkdir -p "$CREDENTIALS_DIRECTORY" && (umask 077 && printf "%s\n" "$SANDBOX_KEY" >"$CREDENTIALS_DIRECTORY/sendgrid")
        shift && "$@"' - "$PWD/$build" "$@"
}
# The command of the service, before and after all is off.
service() {
    local command=(bash -c "cd $build && $(sed -n '/^ExecStart=/,/[^\\]$/p' "$build/units/sg-open-tracking.service" | sed 's/^ExecStart=//')")
    rm -f "$build/open_tracking.prom"
    # shellcheck disable=SC2016 # the inner shell has the variables
    in_sandbox bash -c '"$@"; [[ $? == 3 ]] && "$0" set off --all-subusers --key-file sendgrid --quiet && "$@"' "$tool" "${command[@]}" &&
        grep -q 'unexpected_accounts{region="global"} 0' "$build/open_tracking.prom"
}
cron() {
    local line
    line=$(block cron | sed "s|^10 3 \* \* \* sg-open-tracking|$tool|; s|/etc/sg-open-tracking/key|sendgrid|; s|/var/tmp|$build|g")
    # It is on for all in a sandbox, so it says so, and cron mails that.
    in_sandbox bash -c "$line" | grep -q 'though expected off'
}

check "systemd takes the units" verify
check "the service's command tells what is on, and then that nothing is" service
check "cron's line prints what is not as expected" cron
check "Kubernetes' schema takes the CronJob" "$build/venv/bin/kubernetes-validate" --strict --version 1.33 "$build/cronjob.yaml"
check "the workflow's schema takes the job" "$build/venv/bin/check-jsonschema" --builtin-schema vendor.github-workflows "$build/workflow.yaml"
sum_up
