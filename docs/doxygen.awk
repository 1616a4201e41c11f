# The header's comments, which are written to be read as they are, in the form that Doxygen takes.

NR == 1 {
    print "/** @file"
    next
}
# The conventions stand in columns.
/^ \* Conventions$/ { print " * @par Conventions\n * @verbatim"; columns = 1; next }
/^ \*\// && columns { print " * @endverbatim"; columns = 0 }
columns { sub(/^ \* ? ?/, ""); print; next }

# "name  what it is", two spaces or more: a parameter.
/^ *\* [a-z_]+  +[^ ]/ {
    match($0, /\* [a-z_]+/)
    $0 = substr($0, 1, RSTART + 1) "@param " substr($0, RSTART + 2)
}
/^ *\* Returns / { sub(/Returns /, "@return ") }
{ print }
