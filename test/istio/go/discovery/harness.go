package main

import (
	"fmt"
	"os"
)

// harness is what Istio's test server wants of Go's test runner. A failure panics with its reason; what is to be cleaned
// up ends with the process.
type harness struct{}

func (harness) Fail()                          { panic("it failed") }
func (harness) FailNow()                       { panic("it failed") }
func (harness) Fatal(args ...any)              { panic(fmt.Sprint(args...)) }
func (harness) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (harness) Log(args ...any)                { fmt.Fprintln(os.Stderr, args...) }
func (harness) Logf(format string, a ...any)   { fmt.Fprintf(os.Stderr, format+"\n", a...) }
func (harness) Helper()                        {}
func (harness) Cleanup(func())                 {}
func (harness) Skip(args ...any)               { panic(fmt.Sprint(args...)) }

func (harness) TempDir() string {
	folder, err := os.MkdirTemp("", "discovery-")
	if err != nil {
		panic(err)
	}
	return folder
}
