//go:build !cgo

package sgopentracking

// Without cgo there is nothing to call the library by. Better a build that fails than a program that does.
const _ int = "sgopentracking needs cgo: set CGO_ENABLED=1, and install a C compiler"
