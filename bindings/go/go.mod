module github.com/sg-open-tracking/sg-open-tracking/bindings/go

go 1.19
