package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// The old API of the client: js.KeyValue.
func init() {
	text := func(each nats.KeyValueEntry) string {
		switch {
		case each == nil:
			return "nil"
		case each.Operation() == nats.KeyValuePut:
			return fmt.Sprintf("%s=%s@%d", each.Key(), each.Value(), each.Revision())
		}
		return fmt.Sprintf("%s!%s@%d", each.Key(), strings.TrimPrefix(each.Operation().String(), "KeyValue"), each.Revision())
	}
	open := func(t *T) nats.JetStreamContext {
		js, err := t.nc.JetStream(nats.MaxWait(patience))
		t.must(err)
		return js
	}
	make := func(t *T, js nats.JetStreamContext, config nats.KeyValueConfig) nats.KeyValue {
		config.Bucket = t.name("old")
		kv, err := js.CreateKeyValue(&config)
		t.must(err)
		return kv
	}
	put := func(t *T, kv nats.KeyValue, key, value string) {
		_, err := kv.PutString(key, value)
		t.must(err)
	}
	next := func(t *T, watcher nats.KeyWatcher, count int) []string {
		all := []string{}
		for range count {
			select {
			case each := <-watcher.Updates():
				all = append(all, text(each))
			case <-time.After(patience):
				t.fail("the watcher tells nothing")
			}
		}
		return all
	}
	initial := func(t *T, watcher nats.KeyWatcher, err error) []string {
		t.must(err)
		t.cleanup = append(t.cleanup, func() { _ = watcher.Stop() })
		all := []string{}
		for {
			each := next(t, watcher, 1)[0]
			if each == "nil" {
				return all
			}
			all = append(all, each)
		}
	}
	add("legacy/buckets", func(t *T) {
		js := open(t)
		kv := make(t, js, nats.KeyValueConfig{
			Description: "d", MaxValueSize: 50, History: 4, TTL: time.Hour, MaxBytes: 5000, Storage: nats.MemoryStorage,
			Replicas: 1, Compression: true,
		})
		status, err := kv.Status()
		t.must(err)
		t.equal([]any{status.Values(), status.History(), status.TTL(), status.BackingStore(), status.Bytes(), status.IsCompressed()},
			[]any{uint64(0), int64(4), time.Hour, "JetStream", uint64(0), true})
		_, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: kv.Bucket()})
		t.fails(err, nats.ErrStreamNameAlreadyInUse)
		_, err = js.KeyValue(kv.Bucket())
		t.must(err)
		_, err = js.KeyValue(t.name("missing"))
		t.fails(err, nats.ErrBucketNotFound)
		_, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "a.b"})
		t.fails(err, nats.ErrInvalidBucketName)
		_, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "a", History: 65})
		t.fails(err, nats.ErrHistoryToLarge)
		names, statuses := 0, 0
		for name := range js.KeyValueStoreNames() {
			if name == kv.Bucket() {
				names++
			}
		}
		for status := range js.KeyValueStores() {
			if status.Bucket() == kv.Bucket() {
				statuses++
			}
		}
		t.equal([]int{names, statuses}, []int{1, 1})
		t.must(js.DeleteKeyValue(kv.Bucket()))
		t.fails(js.DeleteKeyValue(kv.Bucket()), nats.ErrStreamNotFound)
	})
	add("legacy/values", func(t *T) {
		js := open(t)
		kv := make(t, js, nats.KeyValueConfig{History: 5})
		revision, err := kv.Create("a", []byte("1"))
		t.must(err)
		t.equal(revision, uint64(1))
		_, err = kv.Create("a", []byte("2"))
		t.fails(err, nats.ErrKeyExists)
		_, err = kv.Update("a", []byte("2"), revision)
		t.must(err)
		_, err = kv.Update("a", []byte("3"), revision)
		t.fails(err, "wrong last sequence: 2")
		var fault *nats.APIError
		t.check(errors.As(err, &fault) && fault.ErrorCode == nats.JSErrCodeStreamWrongLastSequence, "the server's code is told")
		got, err := kv.Get("a")
		t.must(err)
		t.equal(text(got), "a=2@2")
		got, err = kv.GetRevision("a", 1)
		t.must(err)
		t.equal(text(got), "a=1@1")
		_, err = kv.Get("b")
		t.fails(err, nats.ErrKeyNotFound)
		t.fails(kv.Delete("a", nats.LastRevision(1)), "wrong last sequence: 2")
		t.must(kv.Delete("a", nats.LastRevision(2)))
		_, err = kv.Get("a")
		t.fails(err, nats.ErrKeyNotFound)
		revision, err = kv.Create("a", []byte("4"))
		t.must(err)
		t.equal(revision, uint64(4))
		t.fails(kv.Purge("a", nats.LastRevision(1)), "wrong last sequence: 4")
		t.must(kv.Purge("a"))
		history, err := kv.History("a")
		t.must(err)
		t.equal(len(history), 1)
		t.equal(text(history[0]), "a!PurgeOp@5")
		_, err = kv.PutString("a..b", "")
		t.fails(err, nats.ErrInvalidKey)
	})
	add("legacy/watches", func(t *T) {
		js := open(t)
		kv := make(t, js, nats.KeyValueConfig{History: 5})
		put(t, kv, "a", "1")
		put(t, kv, "b.c", "2")
		put(t, kv, "a", "3")
		t.must(kv.Delete("b.c"))
		watcher, err := kv.WatchAll()
		t.equal(initial(t, watcher, err), []string{"a=3@3", "b.c!DeleteOp@4"})
		other, err := kv.Watch("b.*", nats.IncludeHistory())
		t.equal(initial(t, other, err), []string{"b.c=2@2", "b.c!DeleteOp@4"})
		other, err = kv.WatchAll(nats.IgnoreDeletes(), nats.MetaOnly())
		t.equal(initial(t, other, err), []string{"a=@3"})
		other, err = kv.WatchFiltered([]string{"a", "z"})
		t.equal(initial(t, other, err), []string{"a=3@3"})
		updates, err := kv.WatchAll(nats.UpdatesOnly())
		t.must(err)
		put(t, kv, "z", "5")
		t.equal(next(t, updates, 1), []string{"z=5@5"})
		t.equal(next(t, watcher, 1), []string{"z=5@5"})
		t.equal(next(t, other, 1), []string{"z=5@5"})
		t.must(updates.Stop())
	})
	add("legacy/lists", func(t *T) {
		js := open(t)
		kv := make(t, js, nats.KeyValueConfig{History: 5})
		_, err := kv.Keys()
		t.fails(err, nats.ErrNoKeysFound)
		for _, key := range []string{"b", "a", "c"} {
			put(t, kv, key, "1")
			put(t, kv, key, "2")
		}
		t.must(kv.Delete("c"))
		keys, err := kv.Keys()
		t.must(err)
		slices.Sort(keys)
		t.equal(keys, []string{"a", "b"})
		lister, err := kv.ListKeys()
		t.must(err)
		listed := []string{}
		for key := range lister.Keys() {
			listed = append(listed, key)
		}
		t.equal(listed, []string{"b", "a"})
		t.must(kv.PurgeDeletes())
		status, _ := kv.Status()
		t.equal(status.Values(), uint64(5))
		t.must(kv.PurgeDeletes(nats.DeleteMarkersOlderThan(-1)))
		status, _ = kv.Status()
		t.equal(status.Values(), uint64(4))
	})
	add("legacy/expiry-looks-like-an-empty-value", func(t *T) {
		js := open(t)
		name := t.name("b")
		_, err := js.AddStream(&nats.StreamConfig{
			Name: "KV_" + name, Subjects: []string{"$KV." + name + ".>"}, MaxMsgsPerSubject: 1, AllowRollup: true, AllowDirect: true,
			MaxAge: time.Second, AllowMsgTTL: true, SubjectDeleteMarkerTTL: time.Minute,
		})
		t.must(err)
		kv, err := js.KeyValue(name)
		t.must(err)
		watcher, err := kv.WatchAll()
		initial(t, watcher, err)
		put(t, kv, "a", "1")
		t.equal(next(t, watcher, 2), []string{"a=1@1", "a=@2"})
	})
	add("legacy/mirror-and-sources", func(t *T) {
		js := open(t)
		origin := make(t, js, nats.KeyValueConfig{})
		put(t, origin, "a", "1")
		mirror := make(t, js, nats.KeyValueConfig{Mirror: &nats.StreamSource{Name: origin.Bucket()}})
		copied := make(t, js, nats.KeyValueConfig{Sources: []*nats.StreamSource{{Name: origin.Bucket()}}})
		put(t, mirror, "b", "2")
		t.eventually("both values are copied", func() bool {
			one, err := mirror.Status()
			t.must(err)
			two, err := copied.Status()
			t.must(err)
			return one.Values() == 2 && two.Values() == 2
		})
		got, err := copied.Get("b")
		t.must(err)
		t.equal(string(got.Value()), "2")
	})
}
