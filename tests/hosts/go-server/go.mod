module host

go 1.19

require github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking v0.0.0

replace github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking => ../../../bindings/go/sgopentracking
