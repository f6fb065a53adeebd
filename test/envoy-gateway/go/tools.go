//go:build tools

// Package tools makes go.mod keep what egctl is built from.
package tools

import _ "github.com/envoyproxy/gateway/cmd/egctl"
