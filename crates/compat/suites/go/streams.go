package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The streams below buckets: every option and every operation.
func init() {
	fill := func(t *T, kv jetstream.KeyValue, keys string) {
		for _, key := range strings.Fields(keys) {
			t.put(kv, key, key)
		}
	}
	add("stream/options", func(t *T) {
		name := t.name("s")
		config := jetstream.StreamConfig{
			Name: name, Description: "d", Subjects: []string{name + ".a", name + ".b.*"}, Retention: jetstream.InterestPolicy,
			MaxConsumers: 3, MaxMsgs: 10, MaxBytes: 10000, MaxAge: time.Hour, MaxMsgsPerSubject: 5, MaxMsgSize: 100,
			Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, Storage: jetstream.MemoryStorage, Replicas: 1,
			Duplicates: time.Minute, Compression: jetstream.S2Compression, FirstSeq: 100, DenyDelete: true, DenyPurge: true, AllowDirect: true,
			AllowMsgTTL: true, AllowAtomicPublish: true, ConsumerLimits: jetstream.StreamConsumerLimits{InactiveThreshold: time.Minute, MaxAckPending: 10},
			Metadata:         map[string]string{"k": "v"},
			SubjectTransform: &jetstream.SubjectTransformConfig{Source: name + ".a", Destination: name + ".z"},
			RePublish:        &jetstream.RePublish{Source: name + ".z", Destination: "re." + name},
		}
		made, err := t.js.CreateStream(t.ctx, config)
		t.must(err)
		got := made.CachedInfo().Config
		t.equal(got.Metadata["k"], "v")
		got.Metadata = config.Metadata
		t.equal(got, config)
		again, err := t.js.Stream(t.ctx, name)
		t.must(err)
		t.check(again.CachedInfo().Cluster.Leader != "", "a leader is named")
		t.check(!again.CachedInfo().Created.IsZero() && !again.CachedInfo().TimeStamp.IsZero(), "times are told")
		ack := t.published(name+".a", "")
		t.equal(ack.Sequence, uint64(100))
	})
	add("stream/persist-mode", func(t *T) {
		answer := t.api("STREAM.CREATE.P"+t.name("s"), `{"name":"x"}`)
		t.refused(answer, 10056)
		name := t.name("s")
		answer = t.api("STREAM.CREATE."+name, `{"name":"`+name+`","persist_mode":"async"}`)
		t.equal(answer["error"], nil)
		t.equal(answer["config"].(map[string]any)["persist_mode"], "async")
	})
	add("stream/retention", func(t *T) {
		for _, policy := range []jetstream.RetentionPolicy{jetstream.WorkQueuePolicy, jetstream.InterestPolicy} {
			name := t.name("s")
			made, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: name, Retention: policy})
			t.must(err)
			consumer, err := made.CreateConsumer(t.ctx, jetstream.ConsumerConfig{Durable: "c", AckPolicy: jetstream.AckExplicitPolicy})
			t.must(err)
			t.published(name, "1")
			message, err := consumer.Next()
			t.must(err)
			t.must(message.DoubleAck(t.ctx))
			t.eventually("what was acknowledged is removed", func() bool {
				info, err := made.Info(t.ctx)
				t.must(err)
				return info.State.Msgs == 0
			})
		}
	})
	add("stream/sealed", func(t *T) {
		name := t.name("s")
		config := jetstream.StreamConfig{Name: name}
		made, err := t.js.CreateStream(t.ctx, config)
		t.must(err)
		t.published(name, "")
		config.Sealed = true
		sealed, err := t.js.UpdateStream(t.ctx, config)
		t.must(err)
		t.equal(sealed.CachedInfo().Config.DenyPurge, true)
		_, err = t.publish(name, "")
		t.fails(err, "err_code=10109 description=invalid operation on sealed stream")
		t.fails(made.Purge(t.ctx), "err_code=10109")
		_, err = t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("s"), Sealed: true})
		t.fails(err, "stream configuration for create can not be sealed")
	})
	add("stream/deny-purge-and-delete", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		t.put(kv, "a", "1")
		t.fails(t.stream(kv).DeleteMsg(t.ctx, 1), "err_code=10057")
		config := t.info(kv).Config
		config.DenyDelete = false
		_, err := t.js.UpdateStream(t.ctx, config)
		t.fails(err, "err_code=10052")
		made, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("s"), DenyPurge: true})
		t.must(err)
		t.fails(made.Purge(t.ctx), "err_code=10110")
	})
	add("stream/purge", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 10})
		fill(t, kv, "a b a b a b c c")
		stream := t.stream(kv)
		t.must(stream.Purge(t.ctx, jetstream.WithPurgeSubject("$KV."+kv.Bucket()+".a"), jetstream.WithPurgeKeep(1)))
		t.equal(t.values(kv), uint64(6))
		t.must(stream.Purge(t.ctx, jetstream.WithPurgeSubject("$KV."+kv.Bucket()+".b"), jetstream.WithPurgeSequence(5)))
		t.equal(t.values(kv), uint64(4))
		t.must(stream.Purge(t.ctx, jetstream.WithPurgeKeep(2)))
		t.equal(t.values(kv), uint64(2))
		t.must(stream.Purge(t.ctx, jetstream.WithPurgeSequence(8)))
		t.equal(t.values(kv), uint64(1))
		t.must(stream.Purge(t.ctx))
		state := t.info(kv).State
		t.equal([]uint64{state.Msgs, state.FirstSeq, state.LastSeq, state.Bytes, state.NumSubjects}, []uint64{0, 9, 8, 0, 0})
		answer := t.api("STREAM.PURGE.KV_"+kv.Bucket(), `{"seq":1,"keep":1}`)
		t.refused(answer, 10003)
		answer = t.api("STREAM.PURGE.KV_"+kv.Bucket(), `{"filter":"nothing"}`)
		t.equal([]any{answer["success"], answer["purged"]}, []any{true, 0.0})
	})
	add("stream/get-message", func(t *T) {
		t.bothWays(jetstream.KeyValueConfig{History: 10}, func(kv jetstream.KeyValue) {
			fill(t, kv, "a b a")
			stream, pre := t.stream(kv), "$KV."+kv.Bucket()+"."
			message, err := stream.GetMsg(t.ctx, 2)
			t.must(err)
			t.equal([]any{message.Subject, message.Sequence, string(message.Data)}, []any{pre + "b", uint64(2), "b"})
			t.check(time.Since(message.Time) < time.Minute, "its time is told")
			message, err = stream.GetLastMsgForSubject(t.ctx, pre+"a")
			t.must(err)
			t.equal(message.Sequence, uint64(3))
			message, err = stream.GetLastMsgForSubject(t.ctx, pre+"*")
			t.must(err)
			t.equal(message.Sequence, uint64(3))
			message, err = stream.GetMsg(t.ctx, 2, jetstream.WithGetMsgSubject(pre+"a"))
			t.must(err)
			t.equal(message.Sequence, uint64(3))
			_, err = stream.GetMsg(t.ctx, 9)
			t.fails(err, jetstream.ErrMsgNotFound)
			_, err = stream.GetLastMsgForSubject(t.ctx, pre+"x")
			t.fails(err, jetstream.ErrMsgNotFound)
		})
	})
	add("stream/delete-message", func(t *T) {
		name := t.name("s")
		made, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: name})
		t.must(err)
		for range 5 {
			t.published(name, "x")
		}
		t.must(made.DeleteMsg(t.ctx, 2))
		t.must(made.SecureDeleteMsg(t.ctx, 4))
		t.fails(made.DeleteMsg(t.ctx, 2), "err_code=10043 description=sequence 2 not found")
		t.fails(made.DeleteMsg(t.ctx, 99), "err_code=10057")
		info, err := made.Info(t.ctx, jetstream.WithDeletedDetails(true))
		t.must(err)
		t.equal(info.State.Deleted, []uint64{2, 4})
		t.equal([]any{info.State.NumDeleted, info.State.Msgs}, []any{2, uint64(3)})
	})
	add("stream/subjects", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 10})
		fill(t, kv, "a.x a.y b a.x")
		pre := "$KV." + kv.Bucket() + "."
		info, err := t.stream(kv).Info(t.ctx, jetstream.WithSubjectFilter(pre+"a.*"))
		t.must(err)
		t.equal(info.State.Subjects, map[string]uint64{pre + "a.x": 2, pre + "a.y": 1})
		t.equal(info.State.NumSubjects, uint64(3))
		answer := t.api("STREAM.INFO.KV_"+kv.Bucket(), `{"subjects_filter":">","offset":1}`)
		t.equal([]any{answer["total"], answer["offset"], answer["limit"]}, []any{3.0, 1.0, 100000.0})
		t.equal(len(answer["state"].(map[string]any)["subjects"].(map[string]any)), 2)
	})
	add("stream/state", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		before := time.Now().Add(-time.Second)
		fill(t, kv, "a b c a")
		state := t.info(kv).State
		t.equal([]uint64{state.Msgs, state.FirstSeq, state.LastSeq, state.NumSubjects}, []uint64{3, 2, 4, 3})
		t.equal(state.NumDeleted, 0)
		t.check(state.Bytes > 0 && state.FirstTime.After(before) && !state.LastTime.Before(state.FirstTime), "bytes and times are told")
		name, err := t.js.StreamNameBySubject(t.ctx, "$KV."+kv.Bucket()+".x")
		t.must(err)
		t.equal(name, "KV_"+kv.Bucket())
	})
	add("stream/mirror-with-start-and-filter", func(t *T) {
		origin := t.bucket(jetstream.KeyValueConfig{History: 10})
		fill(t, origin, "a b a b a b")
		pre := "$KV." + origin.Bucket() + "."
		copied := func(source jetstream.StreamSource, count uint64) jetstream.Stream {
			source.Name = "KV_" + origin.Bucket()
			made, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("m"), Mirror: &source})
			t.must(err)
			t.eventually(fmt.Sprint("the mirror holds ", count), func() bool {
				info, err := made.Info(t.ctx)
				t.must(err)
				return info.State.Msgs == count
			})
			return made
		}
		copied(jetstream.StreamSource{OptStartSeq: 4}, 3)
		copied(jetstream.StreamSource{FilterSubject: pre + "a"}, 3)
		soon := time.Now().Add(-time.Hour)
		copied(jetstream.StreamSource{OptStartTime: &soon}, 6)
		made := copied(jetstream.StreamSource{SubjectTransforms: []jetstream.SubjectTransformConfig{{Source: pre + "b", Destination: "moved"}}}, 3)
		message, err := made.GetLastMsgForSubject(t.ctx, "moved")
		t.must(err)
		t.equal(message.Sequence, uint64(6))
		_, err = t.publish(made.CachedInfo().Config.Name, "")
		t.fails(err, jetstream.ErrNoStreamResponse)
		_, err = t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("m"), Subjects: []string{"x"}, Mirror: &jetstream.StreamSource{Name: "y"}})
		t.fails(err, "err_code=10034")
	})
	add("stream/max-consumers", func(t *T) {
		made, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("s"), MaxConsumers: 1})
		t.must(err)
		_, err = made.CreateConsumer(t.ctx, jetstream.ConsumerConfig{})
		t.must(err)
		_, err = made.CreateConsumer(t.ctx, jetstream.ConsumerConfig{})
		t.fails(err, "err_code=10026 description=maximum consumers limit reached")
	})
}
