package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Makes a bucket; a configuration without a name gets a fresh one.
func (t *T) bucket(config jetstream.KeyValueConfig) jetstream.KeyValue {
	if config.Bucket == "" {
		config.Bucket = t.name("b")
	}
	kv, err := t.js.CreateKeyValue(t.ctx, config)
	t.must(err)
	return kv
}

// Returns the stream below a bucket, with fresh information.
func (t *T) stream(kv jetstream.KeyValue) jetstream.Stream {
	stream, err := t.js.Stream(t.ctx, "KV_"+kv.Bucket())
	t.must(err)
	return stream
}

func (t *T) info(kv jetstream.KeyValue) *jetstream.StreamInfo { return t.stream(kv).CachedInfo() }

func (t *T) status(kv jetstream.KeyValue) jetstream.KeyValueStatus {
	status, err := kv.Status(t.ctx)
	t.must(err)
	return status
}

func (t *T) put(kv jetstream.KeyValue, key, value string) uint64 {
	revision, err := kv.PutString(t.ctx, key, value)
	t.must(err)
	return revision
}

func (t *T) get(kv jetstream.KeyValue, key string) jetstream.KeyValueEntry {
	entry, err := kv.Get(t.ctx, key)
	t.must(err)
	return entry
}

func (t *T) values(kv jetstream.KeyValue) uint64 { return t.status(kv).Values() }

// Writes an entry as `key=value@revision` or `key!DEL@revision`.
func text(each jetstream.KeyValueEntry) string {
	if each == nil {
		return "nil"
	}
	switch each.Operation() {
	case jetstream.KeyValueDelete:
		return fmt.Sprintf("%s!DEL@%d", each.Key(), each.Revision())
	case jetstream.KeyValuePurge:
		return fmt.Sprintf("%s!PURGE@%d", each.Key(), each.Revision())
	}
	return fmt.Sprintf("%s=%s@%d", each.Key(), each.Value(), each.Revision())
}

func texts(entries []jetstream.KeyValueEntry) []string {
	all := []string{}
	for _, each := range entries {
		all = append(all, text(each))
	}
	return all
}

// Returns the next thing that a watcher tells; nil is the mark behind the initial entries.
func (t *T) next(watcher jetstream.KeyWatcher) jetstream.KeyValueEntry {
	select {
	case each, open := <-watcher.Updates():
		if !open {
			t.fail("the watcher is closed")
		}
		return each
	case <-time.After(patience):
		t.fail("the watcher tells nothing")
	}
	return nil
}

func (t *T) nextTexts(watcher jetstream.KeyWatcher, count int) []string {
	all := []string{}
	for range count {
		all = append(all, text(t.next(watcher)))
	}
	return all
}

// Returns the entries of a watcher up to the mark.
func (t *T) initial(watcher jetstream.KeyWatcher, err error) []jetstream.KeyValueEntry {
	t.must(err)
	t.cleanup = append(t.cleanup, func() { _ = watcher.Stop() })
	entries := []jetstream.KeyValueEntry{}
	for each := t.next(watcher); each != nil; each = t.next(watcher) {
		entries = append(entries, each)
	}
	return entries
}

// Sends a request to the JetStream API and returns the answer.
func (t *T) api(subject, body string) map[string]any {
	message, err := t.nc.Request("$JS.API."+subject, []byte(body), 10*time.Second)
	t.must(err)
	answer := map[string]any{}
	t.must(json.Unmarshal(message.Data, &answer))
	return answer
}

// Checks that an answer of the JetStream API is an error with this code.
func (t *T) refused(answer map[string]any, code int) {
	fault, _ := answer["error"].(map[string]any)
	if fault == nil || fault["err_code"] != float64(code) {
		t.fail("expected the error %d, got %v", code, answer)
	}
}

// Publishes with headers given as pairs, and returns the acknowledgement.
func (t *T) publish(subject, body string, headers ...string) (*jetstream.PubAck, error) {
	message := nats.NewMsg(subject)
	message.Data = []byte(body)
	for at := 0; at < len(headers); at += 2 {
		message.Header[headers[at]] = append(message.Header[headers[at]], headers[at+1])
	}
	return t.js.PublishMsg(t.ctx, message)
}

func (t *T) published(subject, body string, headers ...string) *jetstream.PubAck {
	ack, err := t.publish(subject, body, headers...)
	t.must(err)
	return ack
}
