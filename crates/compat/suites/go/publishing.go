package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Publishing into streams: every header that the server acts upon.
func init() {
	stream := func(t *T, config jetstream.StreamConfig) (jetstream.Stream, string) {
		config.Name = t.name("s")
		if len(config.Subjects) == 0 {
			config.Subjects = []string{config.Name + ".>"}
		}
		made, err := t.js.CreateStream(t.ctx, config)
		t.must(err)
		return made, config.Name
	}
	state := func(t *T, stream jetstream.Stream) jetstream.StreamState {
		info, err := stream.Info(t.ctx)
		t.must(err)
		return info.State
	}
	add("publish/message-id", func(t *T) {
		made, name := stream(t, jetstream.StreamConfig{Duplicates: time.Minute})
		first := t.published(name+".a", "1", "Nats-Msg-Id", "x")
		again := t.published(name+".b", "2", "Nats-Msg-Id", "x")
		t.equal([]any{first.Stream, first.Sequence, first.Duplicate, again.Sequence, again.Duplicate}, []any{name, uint64(1), false, uint64(1), true})
		t.equal(t.published(name+".a", "3", "Nats-Msg-Id", "y").Sequence, uint64(2))
		t.equal(state(t, made).Msgs, uint64(2))
		_, err := t.publish(name+".a", "4", "Nats-Msg-Id", "x", "Nats-Expected-Last-Subject-Sequence", "9")
		t.fails(err, "err_code=10071")
	})
	add("publish/duplicate-window", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{Duplicates: 500 * time.Millisecond})
		t.published(name+".a", "1", "Nats-Msg-Id", "x")
		t.eventually("the id is forgotten", func() bool { return !t.published(name+".a", "1", "Nats-Msg-Id", "x").Duplicate })
	})
	add("publish/expected-stream", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{})
		t.published(name+".a", "", "Nats-Expected-Stream", name)
		_, err := t.publish(name+".a", "", "Nats-Expected-Stream", "other")
		t.fails(err, "code=400 err_code=10060 description=expected stream does not match")
	})
	add("publish/expected-last-sequence", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{})
		t.published(name+".a", "")
		t.published(name+".b", "", "Nats-Expected-Last-Sequence", "1")
		_, err := t.publish(name+".a", "", "Nats-Expected-Last-Sequence", "1")
		t.fails(err, "code=400 err_code=10071 description=wrong last sequence: 2")
	})
	add("publish/expected-last-subject-sequence", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{})
		header := "Nats-Expected-Last-Subject-Sequence"
		t.published(name+".a", "", header, "0")
		t.published(name+".b", "", header, "0")
		t.published(name+".a", "", header, "1")
		_, err := t.publish(name+".a", "", header, "1")
		t.fails(err, "err_code=10071 description=wrong last sequence: 3")
		_, err = t.publish(name+".c", "", header, "4")
		t.fails(err, "err_code=10071 description=wrong last sequence: 0")
	})
	add("publish/expected-last-sequence-of-another-subject", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{})
		header := "Nats-Expected-Last-Subject-Sequence"
		t.published(name+".a.x", "")
		t.published(name+".a.y", "")
		t.published(name+".b", "", header, "2", header+"-Subject", name+".a.*")
		_, err := t.publish(name+".b", "", header, "2", header+"-Subject", name+".a.x")
		t.fails(err, "err_code=10071 description=wrong last sequence: 1")
		_, err = t.publish(name+".b", "", header+"-Subject", name+".a.x")
		t.fails(err, "err_code=10193")
	})
	add("publish/expected-last-message-id", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{})
		t.published(name+".a", "", "Nats-Msg-Id", "x")
		_, err := t.publish(name+".a", "", "Nats-Expected-Last-Msg-Id", "y")
		t.fails(err, "err_code=10070 description=wrong last msg ID: x")
		t.published(name+".a", "", "Nats-Expected-Last-Msg-Id", "x")
	})
	add("publish/rollup", func(t *T) {
		made, name := stream(t, jetstream.StreamConfig{AllowRollup: true})
		for _, subject := range []string{".a", ".a", ".b"} {
			t.published(name+subject, "")
		}
		t.published(name+".a", "", "Nats-Rollup", "sub")
		t.equal(state(t, made).Msgs, uint64(2))
		t.published(name+".c", "", "Nats-Rollup", "all")
		t.equal(state(t, made).Msgs, uint64(1))
		_, err := t.publish(name+".a", "", "Nats-Rollup", "foo")
		t.fails(err, `code=500 err_code=10111 description=rollup value invalid: "foo"`)
		_, plain := stream(t, jetstream.StreamConfig{})
		_, err = t.publish(plain+".a", "", "Nats-Rollup", "sub")
		t.fails(err, "code=500 err_code=10111 description=rollup not permitted")
	})
	add("publish/headers-are-kept", func(t *T) {
		made, name := stream(t, jetstream.StreamConfig{})
		ack := t.published(name+".a", "body", "One", "1", "One", "2", "lower", "ü: x", "Nats-Msg-Id", "i")
		message, err := made.GetMsg(t.ctx, ack.Sequence)
		t.must(err)
		t.equal(message.Header, nats.Header{"One": {"1", "2"}, "lower": {"ü: x"}, "Nats-Msg-Id": {"i"}})
		t.equal([]string{message.Subject, string(message.Data)}, []string{name + ".a", "body"})
	})
	add("publish/limits", func(t *T) {
		made, name := stream(t, jetstream.StreamConfig{MaxMsgs: 2, MaxMsgSize: 10, Discard: jetstream.DiscardNew})
		_, err := t.publish(name+".a", strings.Repeat("x", 11))
		t.fails(err, "err_code=10054 description=message size exceeds maximum allowed")
		t.published(name+".a", "")
		t.published(name+".a", "")
		_, err = t.publish(name+".a", "")
		t.fails(err, "code=503 err_code=10077 description=maximum messages exceeded")
		made, name = stream(t, jetstream.StreamConfig{MaxMsgs: 2})
		for range 5 {
			t.published(name+".a", "")
		}
		t.equal([]uint64{state(t, made).Msgs, state(t, made).FirstSeq}, []uint64{2, 4})
		_, name = stream(t, jetstream.StreamConfig{MaxMsgsPerSubject: 1, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true})
		t.published(name+".a", "")
		t.published(name+".b", "")
		_, err = t.publish(name+".a", "")
		t.fails(err, "err_code=10077 description=maximum messages per subject exceeded")
	})
	add("publish/no-ack", func(t *T) {
		made, name := stream(t, jetstream.StreamConfig{NoAck: true})
		_, err := t.nc.Request(name+".a", nil, 300*time.Millisecond)
		t.fails(err, nats.ErrTimeout)
		t.eventually("the message is stored", func() bool { return state(t, made).Msgs == 1 })
	})
	add("publish/nobody-there", func(t *T) {
		_, err := t.nc.Request(t.name("nobody"), nil, patience)
		t.fails(err, nats.ErrNoResponders)
		_, err = t.js.Publish(t.ctx, t.name("nobody"), nil, jetstream.WithRetryAttempts(0))
		t.fails(err, jetstream.ErrNoStreamResponse)
	})
	add("publish/transformed", func(t *T) {
		name := t.name("s")
		made, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{
			Name: name, Subjects: []string{name + ".in.*"},
			SubjectTransform: &jetstream.SubjectTransformConfig{Source: name + ".in.*", Destination: name + ".out.{{wildcard(1)}}"},
		})
		t.must(err)
		t.published(name+".in.x", "")
		message, err := made.GetMsg(t.ctx, 1)
		t.must(err)
		t.equal(message.Subject, name+".out.x")
	})
	add("publish/atomic-batch", func(t *T) {
		made, name := stream(t, jetstream.StreamConfig{AllowAtomicPublish: true})
		part := func(id string, at int, more ...string) *nats.Msg {
			message := nats.NewMsg(fmt.Sprintf("%s.k%d", name, at))
			message.Header = nats.Header{"Nats-Batch-Id": {id}, "Nats-Batch-Sequence": {fmt.Sprint(at)}}
			for index := 0; index < len(more); index += 2 {
				message.Header[more[index]] = []string{more[index+1]}
			}
			return message
		}
		for at := 1; at <= 2; at++ {
			answer, err := t.nc.RequestMsg(part("one", at), patience)
			t.must(err)
			t.equal(len(answer.Data), 0)
		}
		t.equal(state(t, made).Msgs, uint64(0))
		answer, err := t.nc.RequestMsg(part("one", 3, "Nats-Batch-Commit", "1"), patience)
		t.must(err)
		ack := map[string]any{}
		t.must(json.Unmarshal(answer.Data, &ack))
		t.equal([]any{ack["stream"], ack["seq"], ack["batch"], ack["count"]}, []any{name, 3.0, "one", 3.0})
		t.equal(state(t, made).Msgs, uint64(3))
		// A condition that does not hold keeps the whole batch out.
		_, err = t.nc.RequestMsg(part("two", 1), patience)
		t.must(err)
		answer, err = t.nc.RequestMsg(part("two", 2, "Nats-Batch-Commit", "1", "Nats-Expected-Last-Subject-Sequence", "9"), patience)
		t.must(err)
		t.check(strings.Contains(string(answer.Data), `"err_code":10071`), "the condition is refused")
		t.equal(state(t, made).Msgs, uint64(3))
		_, err = t.nc.RequestMsg(part("three", 1), patience)
		t.must(err)
		answer, err = t.nc.RequestMsg(part("three", 3, "Nats-Batch-Commit", "1"), patience)
		t.must(err)
		t.check(strings.Contains(string(answer.Data), `"err_code":10176`), "a gap is refused")
		_, plain := stream(t, jetstream.StreamConfig{})
		_, err = t.publish(plain+".a", "", "Nats-Batch-Id", "x", "Nats-Batch-Sequence", "1", "Nats-Batch-Commit", "1")
		t.fails(err, "err_code=10174")
	})
	add("publish/not-for-this-stream", func(t *T) {
		_, name := stream(t, jetstream.StreamConfig{})
		_, err := t.publish(name+".a", "", "Nats-Incr", "1")
		t.fails(err, "err_code=10168")
		_, err = t.publish(name+".a", "", "Nats-Schedule", "@every 1h", "Nats-Schedule-Target", name+".b")
		t.fails(err, "err_code=10188")
		_, err = t.publish(name+".a", "", "Nats-Stream-Source", "x")
		t.fails(err, "err_code=10227")
	})
}
