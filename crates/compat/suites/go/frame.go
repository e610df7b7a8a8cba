package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	sideBySide  = 8
	caseSeconds = 60
	patience    = 20 * time.Second
)

// One case: it fails by a panic, which the checks of T raise.
type testCase struct {
	name  string
	alone bool
	run   func(t *T)
}

var cases []testCase

// Registers a case that runs beside others.
func add(name string, run func(t *T)) { cases = append(cases, testCase{name, false, run}) }

// Registers a case that runs alone, after all others.
func addAlone(name string, run func(t *T)) { cases = append(cases, testCase{name, true, run}) }

// T is what a case is given: a connection of its own, names that nobody else uses, and checks.
type T struct {
	url, door string
	ctx       context.Context
	nc        *nats.Conn
	js        jetstream.JetStream
	cleanup   []func()
}

// What a check says that did not hold.
type wrong string

var number atomic.Int64

func (t *T) name(stem string) string {
	return fmt.Sprintf("%s_%d_%d", stem, os.Getpid(), number.Add(1))
}

func (t *T) fail(format string, arguments ...any) {
	_, _, line, _ := runtime.Caller(2)
	panic(wrong(fmt.Sprintf(format, arguments...) + fmt.Sprintf(" (line %d)", line)))
}

func (t *T) must(err error) {
	if err != nil {
		t.fail("%v", err)
	}
}

func (t *T) check(holds bool, what string) {
	if !holds {
		t.fail("not so: %s", what)
	}
}

func (t *T) equal(got, want any) {
	if !reflect.DeepEqual(got, want) {
		t.fail("expected %#v, got %#v", want, got)
	}
}

// Checks that a call failed with an error that is `want`, or whose text holds it.
func (t *T) fails(err error, want any) {
	switch want := want.(type) {
	case error:
		if !errors.Is(err, want) {
			t.fail("expected the error %q, got %v", want, err)
		}
	case string:
		if err == nil || !strings.Contains(err.Error(), want) {
			t.fail("expected an error with %q, got %v", want, err)
		}
	}
}

func (t *T) eventually(what string, probe func() bool) {
	for end := time.Now().Add(patience); !probe(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.fail("not in time: %s", what)
		}
	}
}

// Opens another connection for the length of the case.
func (t *T) connect(url string, options ...nats.Option) *nats.Conn {
	nc, err := nats.Connect(url, options...)
	t.must(err)
	t.cleanup = append(t.cleanup, nc.Close)
	return nc
}

// Has the door cut all connections through it, or kill the server; returns when that is done.
func (t *T) order(word string) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(t.door, "nats://"))
	t.must(err)
	defer conn.Close()
	_, err = conn.Write([]byte(word + "\n"))
	t.must(err)
	_, _ = io.Copy(io.Discard, conn)
}

func run() {
	if len(os.Args) < 3 {
		fmt.Println("usage: suite SERVER DOOR [PART OF A NAME...]")
		os.Exit(2)
	}
	chosen, failed := choose(os.Args[3:]), int64(0)
	gate, group := make(chan struct{}, sideBySide), sync.WaitGroup{}
	for _, each := range chosen {
		if each.alone {
			continue
		}
		gate <- struct{}{}
		group.Add(1)
		go func() {
			defer group.Done()
			atomic.AddInt64(&failed, runOne(each))
			<-gate
		}()
	}
	group.Wait()
	for _, each := range chosen {
		if each.alone {
			failed += runOne(each)
		}
	}
	fmt.Printf("done: %d ok, %d failed\n", int64(len(chosen))-failed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

func choose(parts []string) []testCase {
	var chosen []testCase
	seen := map[string]bool{}
	for _, each := range cases {
		if seen[each.name] {
			panic("two cases are called " + each.name)
		}
		seen[each.name] = true
		wanted := len(parts) == 0
		for _, part := range parts {
			wanted = wanted || strings.Contains(each.name, part)
		}
		if wanted {
			chosen = append(chosen, each)
		}
	}
	return chosen
}

func runOne(each testCase) int64 {
	began := time.Now()
	ended := make(chan string, 1)
	go func() { ended <- attempt(each) }()
	reason := "it does not end"
	select {
	case reason = <-ended:
	case <-time.After(caseSeconds * time.Second):
	}
	if reason != "" {
		fmt.Printf("FAIL %s: %s\n", each.name, strings.Join(strings.Fields(reason), " "))
		return 1
	}
	fmt.Printf("ok %s\n", each.name)
	if os.Getenv("COMPAT_TIMES") != "" {
		fmt.Printf("# %.2f s %s\n", time.Since(began).Seconds(), each.name)
	}
	return 0
}

// Runs a case and returns why it failed, or nothing.
func attempt(each testCase) (reason string) {
	ctx, cancel := context.WithTimeout(context.Background(), caseSeconds*time.Second)
	t := &T{url: os.Args[1], door: os.Args[2], ctx: ctx}
	defer func() {
		if fault := recover(); fault != nil {
			reason = fmt.Sprint(fault)
		}
		for _, clean := range t.cleanup {
			clean()
		}
		cancel()
	}()
	t.nc = t.connect(t.url)
	// The client gives up after a fifth of a second if too many messages wait for their acknowledgements.
	js, err := jetstream.New(t.nc, jetstream.WithPublishAsyncMaxPending(20000))
	t.must(err)
	t.js = js
	each.run(t)
	return ""
}
