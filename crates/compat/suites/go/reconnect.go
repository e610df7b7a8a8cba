package main

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Lost connections, and servers that are killed. These cases use the door, so they run alone.
func init() {
	far := func(t *T) (*nats.Conn, jetstream.JetStream) {
		nc := t.connect(t.door, nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0), nats.MaxReconnects(-1))
		js, err := jetstream.New(nc)
		t.must(err)
		return nc, js
	}
	back := func(t *T, nc *nats.Conn) {
		t.eventually("the connection is back", func() bool { return nc.IsConnected() && nc.FlushTimeout(time.Second) == nil })
	}
	addAlone("reconnect/watch", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 10})
		t.put(kv, "a", "1")
		_, js := far(t)
		there, err := js.KeyValue(t.ctx, kv.Bucket())
		t.must(err)
		watcher, err := there.WatchAll(t.ctx, jetstream.IncludeHistory())
		t.equal(texts(t.initial(watcher, err)), []string{"a=1@1"})
		for round := range 3 {
			t.order("CUT")
			want := []string{}
			for at := range 5 {
				value := fmt.Sprint(round, at)
				want = append(want, fmt.Sprintf("a=%s@%d", value, t.put(kv, "a", value)))
			}
			t.equal(t.nextTexts(watcher, 5), want)
		}
	})
	addAlone("reconnect/writes", func(t *T) {
		nc, js := far(t)
		kv, err := js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b")})
		t.must(err)
		t.put(kv, "a", "1")
		t.order("CUT")
		back(t, nc)
		t.equal(t.put(kv, "a", "2"), uint64(2))
		t.equal(string(t.get(kv, "a").Value()), "2")
	})
	addAlone("reconnect/ordered-consumer", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 64})
		_, js := far(t)
		consumer, err := js.OrderedConsumer(t.ctx, "KV_"+kv.Bucket(), jetstream.OrderedConsumerConfig{})
		t.must(err)
		messages, err := consumer.Messages(jetstream.PullHeartbeat(500*time.Millisecond), jetstream.PullExpiry(2*time.Second))
		t.must(err)
		defer messages.Stop()
		for at := 1; at <= 20; at++ {
			t.put(kv, "a", fmt.Sprint(at))
			if at == 10 {
				t.order("CUT")
			}
			message, err := messages.Next(jetstream.NextMaxWait(patience))
			t.must(err)
			t.equal(string(message.Data()), fmt.Sprint(at))
		}
	})
	addAlone("restart/keeps-everything", func(t *T) {
		nc, js := far(t)
		kv, err := js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{
			Bucket: t.name("kept"), History: 5, Description: "kept", LimitMarkerTTL: time.Hour, Metadata: map[string]string{"a": "b"},
		})
		t.must(err)
		for at := range 20 {
			t.put(kv, fmt.Sprintf("k%d", at%4), fmt.Sprint(at))
		}
		t.must(kv.Delete(t.ctx, "k1"))
		_, err = kv.Create(t.ctx, "ttl", []byte("x"), jetstream.KeyTTL(time.Hour))
		t.must(err)
		subject := "$KV." + kv.Bucket() + ".id"
		_, err = js.Publish(t.ctx, subject, []byte("1"), jetstream.WithMsgID("once"))
		t.must(err)
		consumer, err := js.CreateConsumer(t.ctx, "KV_"+kv.Bucket(), jetstream.ConsumerConfig{Durable: "reader"})
		t.must(err)
		message, err := consumer.Next()
		t.must(err)
		t.must(message.DoubleAck(t.ctx))

		t.order("KILL")
		back(t, nc)
		status, err := kv.Status(t.ctx)
		t.must(err)
		t.equal(status.Values(), uint64(22))
		t.equal(status.History(), int64(5))
		t.equal(status.LimitMarkerTTL(), time.Hour)
		t.equal(status.Metadata()["a"], "b")
		t.equal(string(t.get(kv, "k0").Value()), "16")
		_, err = kv.Get(t.ctx, "k1")
		t.fails(err, jetstream.ErrKeyNotFound)
		ack, err := js.Publish(t.ctx, subject, []byte("1"), jetstream.WithMsgID("once"))
		t.must(err)
		t.equal([]any{ack.Sequence, ack.Duplicate}, []any{uint64(23), true})
		t.equal(t.put(kv, "k0", "more"), uint64(24))
		entries, err := kv.History(t.ctx, "k0")
		t.must(err)
		t.equal(texts(entries), []string{"k0=4@5", "k0=8@9", "k0=12@13", "k0=16@17", "k0=more@24"})
		consumer, err = js.Consumer(t.ctx, "KV_"+kv.Bucket(), "reader")
		t.must(err)
		message, err = consumer.Next()
		t.must(err)
		metadata, err := message.Metadata()
		t.must(err)
		t.check(metadata.Sequence.Stream > 1, "what was acknowledged does not come again")
	})
	addAlone("restart/expiry-goes-on", func(t *T) {
		nc, js := far(t)
		kv, err := js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b"), LimitMarkerTTL: time.Hour, History: 2})
		t.must(err)
		// The ttl is raised to that of the marker if the history is longer than one; so it is set below the client.
		plain, err := js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b"), TTL: 2 * time.Second})
		t.must(err)
		t.put(plain, "a", "1")
		t.put(kv, "a", "1")
		t.order("KILL")
		back(t, nc)
		t.eventually("the key expires", func() bool { return t.values(plain) == 0 })
		t.equal(t.values(kv), uint64(1))
	})
}
