package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Runs a part of a case on a bucket that answers gets directly, and on one that does not.
func (t *T) bothWays(config jetstream.KeyValueConfig, part func(kv jetstream.KeyValue)) {
	for _, direct := range []bool{true, false} {
		kv := t.bucket(config)
		if !direct {
			below := t.info(kv).Config
			below.AllowDirect = false
			_, err := t.js.UpdateStream(t.ctx, below)
			t.must(err)
			kv, err = t.js.KeyValue(t.ctx, kv.Bucket())
			t.must(err)
		}
		part(kv)
	}
}

// Values: every way to write and to read them, and what is refused.
func init() {
	add("value/put-get", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{}, func(kv jetstream.KeyValue) {
			before := time.Now().Add(-time.Second)
			t.equal(t.put(kv, "a", "1"), uint64(1))
			t.equal(t.put(kv, "b", "2"), uint64(2))
			t.equal(t.put(kv, "a", "3"), uint64(3))
			got := t.get(kv, "a")
			t.equal([]string{got.Bucket(), got.Key(), string(got.Value())}, []string{kv.Bucket(), "a", "3"})
			t.equal([]uint64{got.Revision(), got.Delta()}, []uint64{3, 0})
			t.equal(got.Operation(), jetstream.KeyValuePut)
			t.check(got.Created().After(before) && got.Created().Before(time.Now().Add(time.Second)), "it was created just now")
		})
	})
	add("value/get-missing", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{}, func(kv jetstream.KeyValue) {
			_, err := kv.Get(t.ctx, "a")
			t.fails(err, jetstream.ErrKeyNotFound)
			_, err = kv.GetRevision(t.ctx, "a", 5)
			t.fails(err, jetstream.ErrKeyNotFound)
		})
	})
	add("value/get-revision", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{History: 2}, func(kv jetstream.KeyValue) {
			for _, value := range []string{"1", "2", "3"} {
				t.put(kv, "a", value)
			}
			t.put(kv, "b", "4")
			got, err := kv.GetRevision(t.ctx, "a", 2)
			t.must(err)
			t.equal(text(got), "a=2@2")
			for _, revision := range []uint64{1, 4, 9} {
				_, err = kv.GetRevision(t.ctx, "a", revision)
				t.fails(err, jetstream.ErrKeyNotFound)
			}
		})
	})
	add("value/create", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{History: 5}, func(kv jetstream.KeyValue) {
			revision, err := kv.Create(t.ctx, "a", []byte("1"))
			t.must(err)
			t.equal(revision, uint64(1))
			_, err = kv.Create(t.ctx, "a", []byte("2"))
			t.fails(err, jetstream.ErrKeyExists)
			t.fails(err, "wrong last sequence: 1")
			t.must(kv.Delete(t.ctx, "a"))
			revision, err = kv.Create(t.ctx, "a", []byte("3"))
			t.must(err)
			t.equal(revision, uint64(3))
			t.must(kv.Purge(t.ctx, "a"))
			revision, err = kv.Create(t.ctx, "a", []byte("4"))
			t.must(err)
			t.equal(revision, uint64(5))
		})
	})
	add("value/update", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		revision, err := kv.Update(t.ctx, "a", []byte("1"), 0)
		t.must(err)
		revision, err = kv.Update(t.ctx, "a", []byte("2"), revision)
		t.must(err)
		t.equal(revision, uint64(2))
		_, err = kv.Update(t.ctx, "a", []byte("3"), 1)
		t.fails(err, jetstream.ErrKeyRevisionMismatch)
		t.fails(err, "wrong last sequence: 2")
		var fault *jetstream.APIError
		t.check(errors.As(err, &fault) && fault.ErrorCode == 10071 && fault.Code == 400, "the server's code is told")
		_, err = kv.Update(t.ctx, "b", []byte("3"), 7)
		t.fails(err, "wrong last sequence: 0")
	})
	add("value/delete", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{History: 5}, func(kv jetstream.KeyValue) {
			t.put(kv, "a", "1")
			t.must(kv.Delete(t.ctx, "a"))
			_, err := kv.Get(t.ctx, "a")
			t.fails(err, jetstream.ErrKeyNotFound)
			_, err = kv.GetRevision(t.ctx, "a", 2)
			t.fails(err, jetstream.ErrKeyNotFound)
			got, err := kv.GetRevision(t.ctx, "a", 1)
			t.must(err)
			t.equal(string(got.Value()), "1")
			t.must(kv.Delete(t.ctx, "never.there"))
			t.put(kv, "a", "2")
			t.fails(kv.Delete(t.ctx, "a", jetstream.LastRevision(1)), jetstream.ErrKeyRevisionMismatch)
			t.must(kv.Delete(t.ctx, "a", jetstream.LastRevision(4)))
			entries, err := kv.History(t.ctx, "a")
			t.must(err)
			t.equal(texts(entries), []string{"a=1@1", "a!DEL@2", "a=2@4", "a!DEL@5"})
		})
	})
	add("value/purge", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{History: 5}, func(kv jetstream.KeyValue) {
			for _, key := range []string{"a", "a", "b", "a"} {
				t.put(kv, key, key)
			}
			t.fails(kv.Purge(t.ctx, "a", jetstream.LastRevision(2)), jetstream.ErrKeyRevisionMismatch)
			t.equal(t.values(kv), uint64(4))
			t.must(kv.Purge(t.ctx, "a", jetstream.LastRevision(4)))
			t.equal(t.values(kv), uint64(2))
			entries, err := kv.History(t.ctx, "a")
			t.must(err)
			t.equal(texts(entries), []string{"a!PURGE@5"})
			_, err = kv.Get(t.ctx, "a")
			t.fails(err, jetstream.ErrKeyNotFound)
			t.must(kv.Purge(t.ctx, "never.there"))
		})
	})
	add("value/binary-and-empty", func(t *T) {
		all := make([]byte, 256)
		for at := range all {
			all[at] = byte(at)
		}
		t.bothWays(jetstream.KeyValueConfig{}, func(kv jetstream.KeyValue) {
			for _, value := range [][]byte{{}, all, []byte("\r\n"), []byte("+OK\r\nMSG a 1 0\r\n\r\n"), []byte("ünï")} {
				_, err := kv.Put(t.ctx, "a", value)
				t.must(err)
				t.check(bytes.Equal(t.get(kv, "a").Value(), value), "the value comes back as it was")
			}
		})
	})
	add("value/big", func(t *T) {
		value := make([]byte, t.nc.MaxPayload())
		_, _ = rand.Read(value)
		t.bothWays(jetstream.KeyValueConfig{}, func(kv jetstream.KeyValue) {
			_, err := kv.Put(t.ctx, "a", value)
			t.must(err)
			t.check(bytes.Equal(t.get(kv, "a").Value(), value), "the largest value comes back as it was")
			entries := t.initial(kv.Watch(t.ctx, "a"))
			t.check(bytes.Equal(entries[0].Value(), value), "it is watched as it was")
			_, err = kv.Put(t.ctx, "a", append(value, 0))
			t.fails(err, "maximum payload exceeded")
		})
	})
	add("value/too-large", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{MaxValueSize: 100})
		t.put(kv, "a", strings.Repeat("x", 100))
		_, err := kv.PutString(t.ctx, "a", strings.Repeat("x", 101))
		t.fails(err, "nats: API error: code=400 err_code=10054 description=message size exceeds maximum allowed")
	})
	add("value/bucket-full", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{MaxBytes: 1024})
		var err error
		for at := 0; err == nil && at < 100; at++ {
			_, err = kv.PutString(t.ctx, fmt.Sprintf("k%d", at), strings.Repeat("x", 100))
		}
		t.fails(err, "code=503 err_code=10077 description=maximum bytes exceeded")
		t.check(t.status(kv).Bytes() <= 1024, "the bucket keeps to its size")
	})
	add("value/keys-of-all-shapes", func(t *T) {
		keys := []string{"a", "A", "0", "-", "_", "/", "=", "a=b", "/a/b", "x.y.z", "_kv.x", strings.Repeat("k", 200), strings.Repeat("t.", 50) + "t"}
		t.bothWays(jetstream.KeyValueConfig{}, func(kv jetstream.KeyValue) {
			for _, key := range keys {
				t.put(kv, key, key)
			}
			for _, key := range keys {
				t.equal(string(t.get(kv, key).Value()), key)
			}
			listed, err := kv.Keys(t.ctx)
			t.must(err)
			slices.Sort(listed)
			t.equal(listed, slices.Sorted(slices.Values(keys)))
		})
	})
	add("value/invalid-keys", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		for _, key := range []string{"", ".a", "a.", "a..b", "a b", "a*", "a.>", "ä"} {
			_, err := kv.PutString(t.ctx, key, "")
			t.fails(err, jetstream.ErrInvalidKey)
			_, err = kv.Get(t.ctx, key)
			t.fails(err, jetstream.ErrInvalidKey)
			t.fails(kv.Delete(t.ctx, key), jetstream.ErrInvalidKey)
			t.fails(kv.Purge(t.ctx, key), jetstream.ErrInvalidKey)
		}
	})
	add("value/one-winner", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 64})
		var won, group = atomic.Int64{}, sync.WaitGroup{}
		for range 8 {
			group.Add(1)
			go func() {
				defer group.Done()
				if _, err := kv.Create(t.ctx, "n", []byte("0")); err == nil {
					won.Add(1)
				}
				for done := 0; done < 5; {
					got, err := kv.Get(t.ctx, "n")
					if err != nil {
						return
					}
					value, _ := strconv.Atoi(string(got.Value()))
					if _, err = kv.Update(t.ctx, "n", []byte(strconv.Itoa(value+1)), got.Revision()); err == nil {
						done++
					} else if !errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
						return
					}
				}
			}()
		}
		group.Wait()
		t.equal(won.Load(), int64(1))
		t.equal(string(t.get(kv, "n").Value()), "40")
	})
	add("value/pipelined", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		futures := []jetstream.PubAckFuture{}
		for at := range 2000 {
			future, err := t.js.PublishAsync(fmt.Sprintf("$KV.%s.k%d", kv.Bucket(), at), []byte("v"))
			t.must(err)
			futures = append(futures, future)
		}
		for at, future := range futures {
			select {
			case ack := <-future.Ok():
				t.equal(ack.Sequence, uint64(at+1))
			case err := <-future.Err():
				t.must(err)
			case <-time.After(patience):
				t.fail("no acknowledgement")
			}
		}
		t.equal(t.values(kv), uint64(2000))
	})
}
