// Command discovery is istiod without a cluster: the discovery code of Istio itself, which tells Envoy over ADS on
// loopback, in plain text, what a MeshConfig and objects ask for. It refuses what Istio's own validation refuses, and fields of
// the MeshConfig that Istio would leave out without a word.
//
//	discovery -mesh mesh.yaml -services services.yaml objects.yaml...
//
// It prints the address it serves on as one line, and ends when it is told to.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	api "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/test/xds"
	"istio.io/istio/pkg/config/mesh"
	"sigs.k8s.io/yaml"
)

func main() {
	meshFile := flag.String("mesh", "", "file with a MeshConfig")
	servicesFile := flag.String("services", "", "file with Services and EndpointSlices of Kubernetes")
	flag.Parse()

	config, err := readMesh(*meshFile)
	orExit("MeshConfig", err)
	objects, err := readObjects(flag.Args())
	orExit("objects", err)
	services, err := readObjects([]string{*servicesFile})
	orExit("services", err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	orExit("listen", err)

	defer func() {
		if refused := recover(); refused != nil {
			orExit("refused", fmt.Errorf("%v", refused))
		}
	}()
	xds.NewFakeDiscoveryServer(harness{}, xds.FakeOptions{
		MeshConfig:             config,
		ConfigString:           objects,
		KubernetesObjectString: services,
		ListenerBuilder:        func() (net.Listener, error) { return listener, nil },
	})
	fmt.Println(listener.Addr())
	select {}
}

// readMesh gives Istio's defaults with what the file says. Istio ignores unknown fields: here they are an error.
func readMesh(path string) (*api.MeshConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	if err := protojson.Unmarshal(asJSON, &api.MeshConfig{}); err != nil {
		return nil, err
	}
	return mesh.ApplyMeshConfig(string(text), mesh.DefaultMeshConfig())
}

func readObjects(paths []string) (string, error) {
	var documents []string
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		documents = append(documents, string(text))
	}
	return strings.Join(documents, "\n---\n"), nil
}

func orExit(what string, err error) {
	if err == nil {
		return
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
	os.Exit(1)
}
