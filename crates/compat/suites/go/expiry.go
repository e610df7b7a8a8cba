package main

import (
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Time to live: of buckets, of keys, of markers.
func init() {
	gone := func(t *T, kv jetstream.KeyValue, key string) func() bool {
		return func() bool {
			_, err := kv.Get(t.ctx, key)
			return errors.Is(err, jetstream.ErrKeyNotFound)
		}
	}
	add("expiry/bucket-ttl", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{TTL: 500 * time.Millisecond, History: 3}, func(kv jetstream.KeyValue) {
			t.put(kv, "a", "1")
			t.put(kv, "a", "2")
			t.eventually("the key expires", gone(t, kv, "a"))
			t.eventually("nothing is left", func() bool { return t.values(kv) == 0 })
			revision, err := kv.Create(t.ctx, "a", []byte("3"))
			t.must(err)
			t.equal(revision, uint64(3))
		})
	})
	add("expiry/bucket-ttl-is-shortened", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		t.put(kv, "a", "1")
		_, err := t.js.UpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: kv.Bucket(), TTL: time.Second})
		t.must(err)
		t.eventually("the key that was there expires", gone(t, kv, "a"))
	})
	add("expiry/key-ttl", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 5, LimitMarkerTTL: time.Second})
		_, err := kv.Create(t.ctx, "a", []byte("1"), jetstream.KeyTTL(time.Second))
		t.must(err)
		_, err = kv.Create(t.ctx, "b", []byte("2"), jetstream.KeyTTL(time.Hour))
		t.must(err)
		t.eventually("the key with the short ttl expires", gone(t, kv, "a"))
		t.equal(string(t.get(kv, "b").Value()), "2")
		t.eventually("so does its marker", func() bool { return t.values(kv) == 1 })
		_, err = kv.Create(t.ctx, "a", []byte("3"))
		t.must(err)
	})
	add("expiry/create-over-a-marker", func(t *T) {
		// A history of one keeps the time of the key from being raised to that of the marker.
		kv := t.bucket(jetstream.KeyValueConfig{LimitMarkerTTL: time.Hour})
		_, err := kv.Create(t.ctx, "a", []byte("1"), jetstream.KeyTTL(time.Second))
		t.must(err)
		t.eventually("the key expires", gone(t, kv, "a"))
		t.equal(t.info(kv).State.LastSeq, uint64(2))
		revision, err := kv.Create(t.ctx, "a", []byte("2"))
		t.must(err)
		t.equal(revision, uint64(3))
	})
	add("expiry/marker-is-watched", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 5, LimitMarkerTTL: 2 * time.Second})
		watcher, err := kv.WatchAll(t.ctx)
		t.equal(texts(t.initial(watcher, err)), []string{})
		_, err = kv.Create(t.ctx, "a", []byte("1"), jetstream.KeyTTL(time.Second))
		t.must(err)
		t.equal(t.nextTexts(watcher, 2), []string{"a=1@1", "a!PURGE@2"})
		message, err := t.stream(kv).GetMsg(t.ctx, 2)
		t.must(err)
		t.equal(message.Header.Get("Nats-Marker-Reason"), "MaxAge")
		t.equal(message.Header.Get("Nats-TTL"), "2s")
		t.equal(message.Header.Get("Nats-Rollup"), "sub")
		t.equal(len(message.Data), 0)
		_, err = kv.Get(t.ctx, "a")
		t.fails(err, jetstream.ErrKeyNotFound)
		t.eventually("the marker expires", func() bool { return t.values(kv) == 0 })
	})
	add("expiry/no-marker-without-its-ttl", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 5, TTL: time.Second})
		watcher, err := kv.WatchAll(t.ctx)
		t.initial(watcher, err)
		t.put(kv, "a", "1")
		t.eventually("the key expires", func() bool { return t.values(kv) == 0 })
		t.put(kv, "b", "2")
		t.equal(t.nextTexts(watcher, 2), []string{"a=1@1", "b=2@2"})
	})
	add("expiry/purge-ttl", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 5, LimitMarkerTTL: time.Second})
		t.put(kv, "a", "1")
		t.put(kv, "a", "2")
		t.must(kv.Purge(t.ctx, "a", jetstream.PurgeTTL(time.Second)))
		t.eventually("the purge marker leaves nothing", func() bool { return t.values(kv) == 0 })
		t.equal(t.info(kv).State.LastSeq, uint64(3))
		t.fails(kv.Delete(t.ctx, "a", jetstream.PurgeTTL(time.Second)), jetstream.ErrTTLOnDeleteNotSupported)
	})
	add("expiry/delete-marker-leaves-another", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 1, LimitMarkerTTL: time.Second, TTL: time.Second})
		watcher, err := kv.WatchAll(t.ctx)
		t.initial(watcher, err)
		t.put(kv, "a", "1")
		t.equal(t.nextTexts(watcher, 1), []string{"a=1@1"})
		t.must(kv.Delete(t.ctx, "a"))
		t.equal(t.nextTexts(watcher, 2), []string{"a!DEL@2", "a!PURGE@3"})
	})
	add("expiry/ttl-values", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 5, LimitMarkerTTL: 3 * time.Second})
		subject := "$KV." + kv.Bucket() + ".a"
		for _, ttl := range []string{"0", "500ms", "-1", "x", "1x"} {
			_, err := t.publish(subject, "", "Nats-TTL", ttl)
			t.fails(err, "err_code=10165 description=invalid per-message TTL")
		}
		for _, ttl := range []string{"10", "1m30s", "1.5h", "5500ms", "never"} {
			t.published(subject, "", "Nats-TTL", ttl)
		}
		ack := t.published(subject, "", "Nats-TTL", "1s")
		message, err := t.stream(kv).GetMsg(t.ctx, ack.Sequence)
		t.must(err)
		t.equal(message.Header.Get("Nats-TTL"), "3")
		plain := t.bucket(jetstream.KeyValueConfig{})
		_, err = t.publish("$KV."+plain.Bucket()+".a", "", "Nats-TTL", "5s")
		t.fails(err, "err_code=10166 description=per-message TTL is disabled")
	})
	add("expiry/never", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{TTL: time.Second, LimitMarkerTTL: time.Second})
		t.published("$KV."+kv.Bucket()+".kept", "1", "Nats-TTL", "never")
		t.put(kv, "a", "2")
		t.eventually("the other key and its marker expire", func() bool { return t.values(kv) == 1 && t.info(kv).State.LastSeq == 3 })
		t.equal(string(t.get(kv, "kept").Value()), "1")
	})
}
