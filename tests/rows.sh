# shellcheck shell=bash
# Sourced by the scripts whose results are a table in docs/platforms.md.

rows=()

# row CELL...: notes a row of the table.
row() {
    local line
    line=$(printf ' %s |' "$@")
    rows+=("|$line")
}

# say_rows: prints them. Fails if the page does not hold one of them, word for word.
say_rows() {
    local line missing=0
    echo
    for line in "${rows[@]}"; do
        echo "$line"
    done
    for line in "${rows[@]}"; do
        grep -qxF -- "$line" docs/platforms.md || { echo "not in docs/platforms.md: $line"; missing=1; }
    done
    return "$missing"
}
