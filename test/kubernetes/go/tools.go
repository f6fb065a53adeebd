//go:build tools

// Package tools makes go.mod keep what kube-apiserver is built from.
package tools

import _ "k8s.io/kubernetes/cmd/kube-apiserver"
