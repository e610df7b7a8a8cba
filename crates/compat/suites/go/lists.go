package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Keys and histories, and clearing markers away.
func init() {
	listed := func(t *T, lister jetstream.KeyLister, err error) []string {
		t.must(err)
		keys := []string{}
		for key := range lister.Keys() {
			keys = append(keys, key)
		}
		return keys
	}
	add("list/keys", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 3})
		_, err := kv.Keys(t.ctx)
		t.fails(err, jetstream.ErrNoKeysFound)
		lister, err := kv.ListKeys(t.ctx)
		t.equal(listed(t, lister, err), []string{})
		for _, key := range []string{"b", "a.x", "c", "b"} {
			t.put(kv, key, "1")
		}
		t.must(kv.Delete(t.ctx, "c"))
		t.put(kv, "d", "")
		t.must(kv.Purge(t.ctx, "a.x"))
		keys, err := kv.Keys(t.ctx)
		t.must(err)
		t.equal(keys, []string{"b", "d"})
		lister, err = kv.ListKeys(t.ctx)
		t.equal(listed(t, lister, err), []string{"b", "d"})
	})
	add("list/keys-filtered", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		for _, key := range []string{"sensor.1.t", "sensor.2.t", "sensor.1.h", "light.1"} {
			t.put(kv, key, "1")
		}
		for filter, want := range map[string][]string{
			"sensor.*.t": {"sensor.1.t", "sensor.2.t"}, "sensor.1.>": {"sensor.1.t", "sensor.1.h"}, "light.1": {"light.1"}, "x": {},
		} {
			lister, err := kv.ListKeysFiltered(t.ctx, filter)
			t.equal(listed(t, lister, err), want)
		}
		lister, err := kv.ListKeysFiltered(t.ctx, "sensor.2.*", "light.*")
		t.equal(listed(t, lister, err), []string{"sensor.2.t", "light.1"})
	})
	add("list/many-keys", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage})
		for at := range 10000 {
			_, err := t.js.PublishAsync(fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at), []byte("v"))
			t.must(err)
		}
		<-t.js.PublishAsyncComplete()
		keys, err := kv.Keys(t.ctx)
		t.must(err)
		t.equal(len(keys), 10000)
		t.equal(keys[:2], []string{"k0", "k1"})
		slices.Sort(keys)
		t.equal(len(slices.Compact(keys)), 10000)
	})
	add("list/while-purging", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage})
		for at := range 10000 {
			_, err := t.js.PublishAsync(fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at), []byte("v"))
			t.must(err)
		}
		<-t.js.PublishAsyncComplete()
		stream := t.stream(kv)
		lister, err := kv.ListKeys(t.ctx)
		t.must(err)
		t.must(stream.Purge(t.ctx))
		// Without a later message nothing would tell the client that there is no more to come.
		t.put(kv, "last", "v")
		count := 0
		for range lister.Keys() {
			count++
		}
		t.check(count >= 1 && count <= 10001, "the listing ends")
	})
	add("list/history", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 3})
		_, err := kv.History(t.ctx, "a")
		t.fails(err, jetstream.ErrKeyNotFound)
		for _, value := range []string{"1", "2", "3"} {
			t.put(kv, "a", value)
		}
		t.put(kv, "b", "other")
		t.must(kv.Delete(t.ctx, "a"))
		entries, err := kv.History(t.ctx, "a")
		t.must(err)
		t.equal(texts(entries), []string{"a=2@2", "a=3@3", "a!DEL@5"})
		t.check(!entries[0].Created().After(entries[2].Created()), "the times are in order")
		entries, err = kv.History(t.ctx, "a", jetstream.MetaOnly())
		t.must(err)
		t.equal(texts(entries), []string{"a=@2", "a=@3", "a!DEL@5"})
	})
	add("list/history-is-bounded", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 64})
		for at := range 100 {
			t.put(kv, "a", fmt.Sprint(at))
		}
		entries, err := kv.History(t.ctx, "a")
		t.must(err)
		t.equal(len(entries), 64)
		t.equal(text(entries[0]), "a=36@37")
	})
	add("list/purge-deletes", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 5})
		for _, key := range []string{"a", "b", "c"} {
			t.put(kv, key, "1")
			t.put(kv, key, "2")
		}
		t.must(kv.Delete(t.ctx, "a"))
		t.must(kv.Purge(t.ctx, "b"))
		t.must(kv.PurgeDeletes(t.ctx))
		t.equal(t.values(kv), uint64(4))
		entries, err := kv.History(t.ctx, "a")
		t.must(err)
		t.equal(texts(entries), []string{"a!DEL@7"})
		t.must(kv.PurgeDeletes(t.ctx, jetstream.DeleteMarkersOlderThan(time.Hour)))
		t.equal(t.values(kv), uint64(4))
		t.must(kv.PurgeDeletes(t.ctx, jetstream.DeleteMarkersOlderThan(-1)))
		t.equal(t.values(kv), uint64(2))
		keys, err := kv.Keys(t.ctx)
		t.must(err)
		t.equal(keys, []string{"c"})
	})
}
