#!/usr/bin/env bash
# The conformance table by the command-line tool, and what a script wants of it besides. To be run by
# tests/conformance/run.sh; SG_OPEN_TRACKING_TOOL is the tool.
#
# Left out are the cases with an option that the tool has not, a name or key that no argument and no
# variable can hold, and sequences: names are arguments, or lines of a file.
set -uo pipefail

tool=${SG_OPEN_TRACKING_TOOL:?the path of sg-open-tracking}
passed=0 failed=0

# verdict NAME WRONG: counts a case; WRONG says what was, and is empty if nothing.
verdict() {
    if [[ $2 ]]; then
        echo "FAILED $1: $2"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

# The family of a code, as the tool's exit status tells it.
declare -A status=([OK]=0 [INTERNAL]=1 [ARGUMENT]=2 [UNAUTHORIZED]=4 [FORBIDDEN]=4 [BAD_REQUEST]=5 [NOT_FOUND]=5
    [RATE_LIMITED]=6 [DNS]=7 [CONNECT]=7 [PROXY]=7 [TLS]=7 [TIMEOUT]=7 [IO]=7 [SERVER]=8 [PROTOCOL]=8
    [STATUS]=8 [NOT_APPLIED]=8)

# A text that begins with $ is the variable of that name.
value() {
    if [[ $1 == \$* ]]; then
        local name=${1#\$}
        printf '%s' "${!name}"
    else
        printf '%s' "$1"
    fi
}

run_case() {
    local name call region key url ca_file enabled retries timeout has_name on_behalf_of expect expected
    local arguments output code object wrong=
    eval "$1"
    arguments=(get)
    [[ $call != *update ]] || arguments=(set "$enabled" --no-read)
    arguments+=(--json --region "$region" --retries "$retries" --timeout "$timeout")
    [[ $has_name == false ]] || arguments+=(--on-behalf-of "$on_behalf_of")
    key=$(value "$key")
    local key_variable=SENDGRID_API_KEY
    [[ $region == global ]] || key_variable=SENDGRID_EU_API_KEY
    output=$(env -u SENDGRID_API_KEY "$key_variable=$key" SG_OPEN_TRACKING_BASE_URL="$(value "$url")" \
        SSL_CERT_FILE="$(value "$ca_file")" "$tool" "${arguments[@]}" 2>&1)
    code=$?
    [[ $output != *"$key"* || ${#key} -lt 8 ]] || wrong+="the key is in the output; "
    [[ $code == "${status[$expected]}" ]] || wrong+="exit status $code, not ${status[$expected]}; "
    object=$(grep -m1 '^{' <<<"$output") || object=
    if [[ ! $object ]]; then
        # What is refused before any account is looked at has no object.
        [[ $expected == ARGUMENT ]] || wrong+="no object; "
    else
        wrong+=$(jq -r --argjson expect "$expect" '
            def plain: ascii_downcase | gsub("_"; "");
            (.code | ltrimstr("SG_") | ltrimstr("ERR_")) as $code
            | [
                (select($code != $expect.code) | "code \($code), not \($expect.code)"),
                (select($expect.http_status != null and (.http_status // 0) != $expect.http_status) | "status \(.http_status)"),
                (select($expect.enabled != null and .enabled != $expect.enabled) | "enabled \(.enabled)"),
                (select($expect.attempts != null and .attempts != $expect.attempts) | "attempts \(.attempts)"),
                (select($expect.message_part != null and ((.message // "") | plain | contains($expect.message_part | plain) | not)) | "message \(.message)")
              ] | join("; ")' <<<"$object")
    fi
    verdict "$name" "$wrong"
}

# A line a case: what run_case evaluates.
mapfile -t cases < <(jq -r '.[]
    | select(has("scenario") | not)
    | (.options // {}) as $options
    | select($options | keys - ["max_retries", "timeout_ms", "base_url", "ca_file"] == [])
    | select($options.base_url != "" and ($options.ca_file // "$" | startswith("$")))
    | select((.region // "global") | . == "global" or . == "eu")
    | select([.key, .on_behalf_of, $options.base_url] | map(select(. != null) | explode | index(0)) | all(. == null))
    | (.region == "eu") as $eu
    | {
        name, call,
        region: (.region // "global"),
        key: (.key // if $eu then "$SANDBOX_EU_KEY" else "$SANDBOX_KEY" end),
        url: ($options.base_url // if $eu and (.call | startswith("one_shot") | not) then "$SANDBOX_EU_URL" else "$SANDBOX_URL" end),
        ca_file: ($options.ca_file // "$SANDBOX_CA_FILE"),
        enabled: (if .enabled then "on" else "off" end),
        retries: ($options.max_retries // 0),
        timeout: (($options.timeout_ms // 10000) / 1000),
        has_name: has("on_behalf_of"),
        on_behalf_of: (.on_behalf_of // ""),
        expected: .expect.code,
        expect: (.expect | tojson)
      }
    | to_entries | map(.key + "=" + (.value | @sh)) | join(" ") | @json' "$CONFORMANCE_CASES")
for case in "${cases[@]}"; do
    run_case "$(jq -r . <<<"$case")"
done

# The log, by -vv: but for the connection, which each command opens.
names_of() {
    sed -nE '/^event=(sent|reply|retry|end) /{
        s/^event=([a-z]+) level=([a-z]+)/\2 \1: level/
        s/=("([^"\\]|\\.)*"|[^ ]*)//g
        p
    }'
}
while read -r row; do
    key=$SANDBOX_KEY
    logged=$(SG_OPEN_TRACKING_BASE_URL=$SANDBOX_URL SSL_CERT_FILE=$SANDBOX_CA_FILE SENDGRID_API_KEY=$key \
        "$tool" get -vv --on-behalf-of "$(jq -r .on_behalf_of <<<"$row")" 2>&1 >/dev/null)
    verdict "$(jq -r .name <<<"$row")" "$(diff <(jq -r '.expect_log[]' <<<"$row") <(names_of <<<"$logged"))"
done < <(jq -c '.[] | select(.scenario == "log")' "$CONFORMANCE_CASES")

# A script's `if` works on it.
if "$tool" get --on-behalf-of nobody >/dev/null 2>&1; then verdict "a failure is false" "it was true"; else verdict "a failure is false" ''; fi
if "$tool" set off >/dev/null 2>&1; then verdict "success is true" ''; else verdict "success is true" "it was false"; fi
lines=$("$tool" get --json --on-behalf-of subuser-00001 --on-behalf-of subuser-00002 2>/dev/null | jq -s length)
verdict "an object a line" "$([[ $lines == 2 ]] || echo "$lines lines")"
verdict "the key is no argument" "$("$tool" get --help | grep -q -- '--key ' && echo "there is --key")"

version=$("$tool" --version)
echo "shell ${version##* }: $passed passed, $failed failed"
[[ $failed == 0 ]]
