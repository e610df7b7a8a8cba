package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Watches: every option, and what they tell.
func init() {
	filled := func(t *T, config jetstream.KeyValueConfig) jetstream.KeyValue {
		kv := t.bucket(config)
		t.put(kv, "a", "1")
		t.put(kv, "b.c", "2")
		t.put(kv, "a", "3")
		t.must(kv.Delete(t.ctx, "b.c"))
		t.put(kv, "b.d", "5")
		return kv
	}
	add("watch/all", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{History: 5})
		watcher, err := kv.WatchAll(t.ctx)
		entries := t.initial(watcher, err)
		t.equal(texts(entries), []string{"a=3@3", "b.c!DEL@4", "b.d=5@5"})
		t.equal([]uint64{entries[0].Delta(), entries[1].Delta(), entries[2].Delta()}, []uint64{2, 1, 0})
		t.put(kv, "e", "6")
		t.must(kv.Purge(t.ctx, "a"))
		t.equal(t.nextTexts(watcher, 2), []string{"e=6@6", "a!PURGE@7"})
		t.must(watcher.Stop())
		t.eventually("the consumer is gone", func() bool { return t.info(kv).State.Consumers == 0 })
	})
	add("watch/nothing-there", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		watcher, err := kv.Watch(t.ctx, "x.*")
		t.equal(texts(t.initial(watcher, err)), []string{})
		t.put(kv, "y.1", "1")
		t.put(kv, "x.1", "2")
		t.equal(t.nextTexts(watcher, 1), []string{"x.1=2@2"})
	})
	add("watch/patterns", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		for _, key := range []string{"a", "a.b", "a.b.c", "b.b", "ab"} {
			t.put(kv, key, "x")
		}
		for pattern, keys := range map[string]string{
			"a": "a", "a.*": "a.b", "a.>": "a.b a.b.c", "*.b": "a.b b.b", "*": "a ab", ">": "a a.b a.b.c b.b ab", "*.*.c": "a.b.c",
		} {
			got := []string{}
			for _, each := range t.initial(kv.Watch(t.ctx, pattern)) {
				got = append(got, each.Key())
			}
			t.equal(strings.Join(got, " "), keys)
		}
		_, err := kv.Watch(t.ctx, "a b")
		t.fails(err, jetstream.ErrInvalidKey)
	})
	add("watch/several-filters", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{History: 5})
		watcher, err := kv.WatchFiltered(t.ctx, []string{"a", "b.d", "z.>"})
		t.equal(texts(t.initial(watcher, err)), []string{"a=3@3", "b.d=5@5"})
		t.put(kv, "b.c", "6")
		t.put(kv, "z.z", "7")
		t.equal(t.nextTexts(watcher, 1), []string{"z.z=7@7"})
		entries := t.initial(kv.WatchFiltered(t.ctx, []string{"a", "b.*"}, jetstream.IncludeHistory()))
		t.equal(texts(entries), []string{"a=1@1", "b.c=2@2", "a=3@3", "b.c!DEL@4", "b.d=5@5", "b.c=6@6"})
	})
	add("watch/history", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{History: 5})
		entries := t.initial(kv.WatchAll(t.ctx, jetstream.IncludeHistory()))
		t.equal(texts(entries), []string{"a=1@1", "b.c=2@2", "a=3@3", "b.c!DEL@4", "b.d=5@5"})
	})
	add("watch/ignore-deletes", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{})
		watcher, err := kv.WatchAll(t.ctx, jetstream.IgnoreDeletes())
		t.equal(texts(t.initial(watcher, err)), []string{"a=3@3", "b.d=5@5"})
		t.must(kv.Delete(t.ctx, "a"))
		t.must(kv.Purge(t.ctx, "a"))
		t.put(kv, "c", "8")
		t.equal(t.nextTexts(watcher, 1), []string{"c=8@8"})
	})
	add("watch/updates-only", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{})
		watcher, err := kv.WatchAll(t.ctx, jetstream.UpdatesOnly())
		t.must(err)
		t.put(kv, "a", "6")
		t.equal(t.nextTexts(watcher, 1), []string{"a=6@6"})
		t.must(watcher.Stop())
	})
	add("watch/meta-only", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{})
		entries := t.initial(kv.WatchAll(t.ctx, jetstream.MetaOnly()))
		t.equal(texts(entries), []string{"a=@3", "b.c!DEL@4", "b.d=@5"})
	})
	add("watch/resume", func(t *T) {
		kv := filled(t, jetstream.KeyValueConfig{History: 5})
		t.equal(texts(t.initial(kv.WatchAll(t.ctx, jetstream.ResumeFromRevision(3)))), []string{"a=3@3", "b.c!DEL@4", "b.d=5@5"})
		t.equal(texts(t.initial(kv.Watch(t.ctx, "b.*", jetstream.ResumeFromRevision(3)))), []string{"b.c!DEL@4", "b.d=5@5"})
		watcher, err := kv.WatchAll(t.ctx, jetstream.ResumeFromRevision(9))
		t.equal(texts(t.initial(watcher, err)), []string{})
	})
	add("watch/many-values", func(t *T) {
		// Enough bytes for flow control to speak several times.
		kv := t.bucket(jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage})
		value := strings.Repeat("x", 8000)
		for at := range 1500 {
			_, err := t.js.PublishAsync(fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at), []byte(value))
			t.must(err)
		}
		<-t.js.PublishAsyncComplete()
		entries := t.initial(kv.WatchAll(t.ctx))
		t.equal(len(entries), 1500)
		for at, each := range entries {
			t.equal([]uint64{each.Revision(), each.Delta()}, []uint64{uint64(at) + 1, uint64(1499 - at)})
		}
	})
	add("watch/slow-reader", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{Storage: jetstream.MemoryStorage})
		watcher, err := kv.WatchAll(t.ctx)
		t.initial(watcher, err)
		value := strings.Repeat("x", 20000)
		for at := range 600 {
			_, err := t.js.PublishAsync(fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at), []byte(value))
			t.must(err)
		}
		<-t.js.PublishAsyncComplete()
		for at := range 600 {
			if at%100 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
			t.equal(t.next(watcher).Revision(), uint64(at+1))
		}
	})
	add("watch/while-writing", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 64})
		ended := make(chan error, 1)
		go func() {
			var err error
			for at := 0; at < 500 && err == nil; at++ {
				_, err = kv.PutString(t.ctx, fmt.Sprintf("k%d", at%10), fmt.Sprint(at))
			}
			ended <- err
		}()
		watcher, err := kv.WatchAll(t.ctx, jetstream.IncludeHistory())
		t.must(err)
		for expected := uint64(1); expected <= 500; {
			if each := t.next(watcher); each != nil {
				t.equal(each.Revision(), expected)
				expected++
			}
		}
		t.must(<-ended)
		t.must(watcher.Stop())
	})
	add("watch/many-watchers", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		t.put(kv, "a", "1")
		watchers := []jetstream.KeyWatcher{}
		for range 100 {
			watcher, err := kv.Watch(t.ctx, "a")
			t.equal(texts(t.initial(watcher, err)), []string{"a=1@1"})
			watchers = append(watchers, watcher)
		}
		t.put(kv, "a", "2")
		for _, watcher := range watchers {
			t.equal(t.nextTexts(watcher, 1), []string{"a=2@2"})
		}
	})
	add("watch/context-ends-it", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		watcher, err := kv.WatchAll(t.ctx)
		t.initial(watcher, err)
		t.must(watcher.Stop())
		t.eventually("the channel is closed", func() bool {
			select {
			case _, open := <-watcher.Updates():
				return !open
			default:
				return false
			}
		})
	})
}
