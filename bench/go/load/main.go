// Command load asks an external authorization server over gRPC and prints, as one line of JSON, how it answered.
//
// Messages come from a file: each one a length in four bytes, big endian, and so many bytes. They are sent in turn. With
// -rate the calls start when they are due, and a wait counts from then; without, each stream asks again once it is answered.
// With -http the messages are whole HTTP/1.1 requests, and each stream has a connection of its own.
package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
)

const check = "/envoy.service.auth.v3.Authorization/Check"

// asIs sends and takes messages as the bytes they are.
type asIs struct{}

func (asIs) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(v.([]byte))}, nil
}

func (asIs) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (asIs) Name() string { return "proto" }

// ask sends one message, and says whether it was let through.
type ask func(message []byte) (bool, error)

func overGrpc(client *grpc.ClientConn) ask {
	return func(message []byte) (bool, error) {
		var answer []byte
		err := client.Invoke(context.Background(), check, message, &answer)
		return isOk(answer), err
	}
}

func overHTTP(address string) ask {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	reader := bufio.NewReader(connection)
	return func(message []byte) (bool, error) {
		if _, err := connection.Write(message); err != nil {
			return false, err
		}
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			return false, err
		}
		_, err = io.Copy(io.Discard, response.Body)
		return response.StatusCode == http.StatusOK, err
	}
}

// measured is what one stream saw.
type measured struct {
	waits                     []time.Duration
	let, refused, unavailable int
}

func main() {
	address := flag.String("address", "127.0.0.1:9001", "host:port or unix:/path; several, with commas between, get as many connections each")
	file := flag.String("messages", "", "file of messages")
	connections := flag.Int("connections", 2, "connections")
	streams := flag.Int("streams", 16, "calls at a time on each connection")
	rate := flag.Float64("rate", 0, "calls a second, of all connections; 0: as many as are answered")
	warm := flag.Duration("warm", 2*time.Second, "how long calls are made before they count")
	isHTTP := flag.Bool("http", false, "messages are HTTP/1.1 requests")
	span := flag.Duration("span", 5*time.Second, "how long calls count")
	flag.Parse()
	log.SetFlags(0)

	messages := readMessages(*file)
	var turn atomic.Uint64
	start := time.Now()
	counts, end := start.Add(*warm), start.Add(*warm+*span)
	all := make([]measured, *connections**streams)
	var wait sync.WaitGroup
	addresses := strings.Split(*address, ",")
	for c := range *connections {
		address := addresses[c%len(addresses)]
		client, err := grpc.NewClient(address,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithDefaultCallOptions(grpc.ForceCodecV2(asIs{})))
		if err != nil {
			log.Fatal(err)
		}
		for s := range *streams {
			mine := &all[c**streams+s]
			wait.Go(func() {
				ask := overGrpc(client)
				if *isHTTP {
					ask = overHTTP(address)
				}
				for {
					n := turn.Add(1) - 1
					due := time.Now()
					if *rate > 0 {
						due = start.Add(time.Duration(float64(n) / *rate * float64(time.Second)))
						time.Sleep(time.Until(due))
					}
					if due.After(end) {
						return
					}
					passed, err := ask(messages[n%uint64(len(messages))])
					if due.After(counts) {
						mine.count(time.Since(due), passed, err)
					}
				}
			})
		}
	}
	time.Sleep(time.Until(counts))
	os.Stdout.WriteString("counting\n")
	wait.Wait()
	print(all, *span)
}

func (m *measured) count(wait time.Duration, passed bool, err error) {
	m.waits = append(m.waits, wait)
	switch {
	case err != nil:
		m.unavailable++
	case passed:
		m.let++
	default:
		m.refused++
	}
}

// isOk looks at the code inside a CheckResponse: 0, and nothing else, lets a request through. It is the first field of the
// status, which is the first of the answer. Both may be left out.
func isOk(answer []byte) bool {
	if len(answer) < 3 || answer[0] != 10 {
		return true
	}
	return answer[1] == 0 || answer[2] != 8 || answer[3] == 0
}

func print(all []measured, span time.Duration) {
	var sum measured
	for _, one := range all {
		sum.waits = append(sum.waits, one.waits...)
		sum.let += one.let
		sum.refused += one.refused
		sum.unavailable += one.unavailable
	}
	if len(sum.waits) == 0 {
		log.Fatal("no call was answered")
	}
	slices.Sort(sum.waits)
	at := func(share float64) float64 {
		return float64(sum.waits[int(share*float64(len(sum.waits)-1))].Nanoseconds()) / 1e6
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"calls":       len(sum.waits),
		"perSecond":   float64(len(sum.waits)) / span.Seconds(),
		"let":         sum.let,
		"refused":     sum.refused,
		"unavailable": sum.unavailable,
		"p50":         at(0.5),
		"p99":         at(0.99),
		"worst":       at(1),
	})
}

func readMessages(name string) (messages [][]byte) {
	data, err := os.ReadFile(name)
	if err != nil {
		log.Fatal(err)
	}
	for len(data) > 4 {
		length := binary.BigEndian.Uint32(data)
		messages = append(messages, data[4:4+length])
		data = data[4+length:]
	}
	if len(messages) == 0 {
		log.Fatalf("%s holds no message", name)
	}
	return messages
}
