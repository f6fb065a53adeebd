//go:build tools

// Package tools makes go.mod keep what istioctl is built from.
package tools

import _ "istio.io/istio/istioctl/cmd/istioctl"
