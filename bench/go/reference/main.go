// Command reference is an external authorization server as one writes it in Go on a morning: grpc-go, the types of
// go-control-plane, a map of digests, golang-jwt. It is what bearergate is measured against, and nothing to run.
package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"log"
	"math/big"
	"net"
	"os"
	"strings"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	envoy "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"github.com/golang-jwt/jwt/v5"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type server struct {
	auth.UnimplementedAuthorizationServer
	host   string
	keys   map[[sha256.Size]byte]string
	jwks   map[string]crypto.PublicKey
	parser *jwt.Parser
}

func (s *server) Check(_ context.Context, request *auth.CheckRequest) (*auth.CheckResponse, error) {
	http := request.GetAttributes().GetRequest().GetHttp()
	if http.GetHost() != s.host {
		return refuse(codes.PermissionDenied, envoy.StatusCode_Forbidden), nil
	}
	scheme, token, _ := strings.Cut(http.GetHeaders()["authorization"], " ")
	if !strings.EqualFold(scheme, "bearer") || token == "" {
		return refuse(codes.Unauthenticated, envoy.StatusCode_Unauthorized), nil
	}
	if _, ok := s.keys[sha256.Sum256([]byte(token))]; ok || s.verify(token) {
		return &auth.CheckResponse{
			Status: &rpc.Status{},
			HttpResponse: &auth.CheckResponse_OkResponse{
				OkResponse: &auth.OkHttpResponse{HeadersToRemove: []string{"authorization"}},
			},
		}, nil
	}
	return refuse(codes.Unauthenticated, envoy.StatusCode_Unauthorized), nil
}

func (s *server) verify(token string) bool {
	_, err := s.parser.Parse(token, func(token *jwt.Token) (any, error) {
		kid, _ := token.Header["kid"].(string)
		return s.jwks[kid], nil
	})
	return err == nil
}

func refuse(code codes.Code, status envoy.StatusCode) *auth.CheckResponse {
	return &auth.CheckResponse{
		Status: &rpc.Status{Code: int32(code)},
		HttpResponse: &auth.CheckResponse_DeniedResponse{
			DeniedResponse: &auth.DeniedHttpResponse{Status: &envoy.HttpStatus{Code: status}},
		},
	}
}

func main() {
	address := flag.String("address", "127.0.0.1:9001", "where to listen")
	host := flag.String("host", "api.example.com", "the one host that is known")
	digests := flag.String("digests", "", "file of SHA-256 digests of keys, in hex, one a line")
	jwks := flag.String("jwks", "", "file with a JWK Set")
	issuer := flag.String("issuer", "", "of tokens")
	audience := flag.String("audience", "", "of tokens")
	flag.Parse()

	s := &server{host: *host, keys: map[[sha256.Size]byte]string{}, jwks: readJwks(*jwks)}
	s.parser = jwt.NewParser(jwt.WithIssuer(*issuer), jwt.WithAudience(*audience), jwt.WithExpirationRequired(),
		jwt.WithValidMethods([]string{"RS256", "ES256", "EdDSA"}))
	for line := range strings.FieldsSeq(string(read(*digests))) {
		digest, err := hex.DecodeString(line)
		check(err)
		s.keys[[sha256.Size]byte(digest)] = line
	}
	listener, err := net.Listen("tcp", *address)
	check(err)
	g := grpc.NewServer()
	auth.RegisterAuthorizationServer(g, s)
	// Envoy asks for its health as it asks for that of any gate: it is SERVING from the start.
	grpc_health_v1.RegisterHealthServer(g, health.NewServer())
	check(g.Serve(listener))
}

func readJwks(name string) map[string]crypto.PublicKey {
	var set struct {
		Keys []struct{ Kid, Kty, N, E, X, Y string }
	}
	check(json.Unmarshal(read(name), &set))
	keys := map[string]crypto.PublicKey{}
	for _, key := range set.Keys {
		switch key.Kty {
		case "RSA":
			keys[key.Kid] = &rsa.PublicKey{N: number(key.N), E: int(number(key.E).Int64())}
		case "EC":
			keys[key.Kid] = &ecdsa.PublicKey{Curve: elliptic.P256(), X: number(key.X), Y: number(key.Y)}
		case "OKP":
			keys[key.Kid] = ed25519.PublicKey(number(key.X).FillBytes(make([]byte, ed25519.PublicKeySize)))
		}
	}
	return keys
}

func number(text string) *big.Int {
	bytes, err := base64.RawURLEncoding.DecodeString(text)
	check(err)
	return new(big.Int).SetBytes(bytes)
}

func read(name string) []byte {
	data, err := os.ReadFile(name)
	check(err)
	return data
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
