module github.com/sg-open-tracking/sg-open-tracking/bindings/go/sgopentracking

go 1.19
