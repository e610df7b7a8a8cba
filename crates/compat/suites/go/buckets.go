package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Buckets: making, opening, changing and removing them, and what their status says.
func init() {
	add("bucket/create-default", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		status := t.status(kv)
		t.equal(status.Values(), uint64(0))
		t.equal(status.History(), int64(1))
		t.equal(status.TTL(), time.Duration(0))
		t.equal(status.Bytes(), uint64(0))
		t.equal(status.BackingStore(), "JetStream")
		t.equal(status.IsCompressed(), false)
		config := t.info(kv).Config
		t.check(strings.HasPrefix(config.Metadata["_nats.ver"], "2."), "the server's version is in the metadata")
		config.Metadata = nil
		t.equal(config, jetstream.StreamConfig{
			Name: "KV_" + kv.Bucket(), Subjects: []string{"$KV." + kv.Bucket() + ".>"}, MaxMsgsPerSubject: 1, MaxBytes: -1,
			MaxMsgSize: -1, MaxMsgs: -1, MaxConsumers: -1, Storage: jetstream.FileStorage, Replicas: 1, Discard: jetstream.DiscardNew,
			Duplicates: 2 * time.Minute, AllowRollup: true, DenyDelete: true, AllowDirect: true,
		})
	})
	add("bucket/create-options", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{
			Description: "description", MaxValueSize: 100, History: 10, TTL: time.Hour, MaxBytes: 10000,
			Storage: jetstream.MemoryStorage, Replicas: 1, Compression: true, LimitMarkerTTL: time.Minute,
			Metadata: map[string]string{"a": "1", "b.c": "ü"}, Placement: &jetstream.Placement{Tags: nil},
		})
		status := t.status(kv)
		t.equal(status.History(), int64(10))
		t.equal(status.TTL(), time.Hour)
		t.equal(status.IsCompressed(), true)
		t.equal(status.LimitMarkerTTL(), time.Minute)
		t.equal(status.Metadata()["b.c"], "ü")
		config := status.Config()
		t.equal(config.Description, "description")
		t.equal(config.MaxValueSize, int32(100))
		t.equal(config.MaxBytes, int64(10000))
		t.equal(config.Storage, jetstream.MemoryStorage)
		below := t.info(kv).Config
		t.equal(below.AllowMsgTTL, true)
		t.equal(below.SubjectDeleteMarkerTTL, time.Minute)
		t.equal(below.Metadata["a"], "1")
	})
	add("bucket/compression", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{Compression: true, History: 3})
		value := strings.Repeat("the same over and over ", 1000)
		t.put(kv, "a", value)
		t.equal(string(t.get(kv, "a").Value()), value)
		t.equal(t.info(kv).Config.Compression, jetstream.S2Compression)
		_, err := t.js.UpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: kv.Bucket(), History: 3})
		t.must(err)
		t.equal(t.status(kv).IsCompressed(), false)
		t.equal(string(t.get(kv, "a").Value()), value)
	})
	add("bucket/create-again", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 2})
		t.put(kv, "a", "1")
		again := t.bucket(jetstream.KeyValueConfig{Bucket: kv.Bucket(), History: 2})
		t.equal(string(t.get(again, "a").Value()), "1")
		_, err := t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: kv.Bucket(), History: 3})
		t.fails(err, jetstream.ErrBucketExists)
		answer := t.api("STREAM.CREATE.KV_"+kv.Bucket(), `{"name":"KV_`+kv.Bucket()+`","subjects":["$KV.`+kv.Bucket()+`.>"]}`)
		t.refused(answer, 10058)
	})
	add("bucket/update-repairs-an-old-one", func(t *T) {
		name := t.name("old")
		_, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{
			Name: "KV_" + name, Subjects: []string{"$KV." + name + ".>"}, MaxMsgsPerSubject: 1, MaxBytes: -1, MaxMsgSize: -1,
			MaxMsgs: -1, MaxConsumers: -1, Discard: jetstream.DiscardOld, Duplicates: 2 * time.Minute, AllowRollup: true,
			DenyDelete: true, Replicas: 1,
		})
		t.must(err)
		// The client means to repair such a bucket, but takes the metadata that every server adds for a difference.
		_, err = t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: name})
		t.fails(err, jetstream.ErrBucketExists)
		kv, err := t.js.CreateOrUpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: name})
		t.must(err)
		config := t.info(kv).Config
		t.equal(config.Discard, jetstream.DiscardNew)
		t.equal(config.AllowDirect, true)
	})
	add("bucket/open", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		t.put(kv, "a", "1")
		again, err := t.js.KeyValue(t.ctx, kv.Bucket())
		t.must(err)
		t.equal(string(t.get(again, "a").Value()), "1")
		_, err = t.js.KeyValue(t.ctx, t.name("missing"))
		t.fails(err, jetstream.ErrBucketNotFound)
		_, err = t.js.KeyValue(t.ctx, "in.valid")
		t.fails(err, jetstream.ErrInvalidBucketName)
	})
	add("bucket/open-no-bucket", func(t *T) {
		name := t.name("no")
		_, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: "KV_" + name, Subjects: []string{name}})
		t.must(err)
		_, err = t.js.KeyValue(t.ctx, name)
		t.fails(err, jetstream.ErrBadBucket)
	})
	add("bucket/update", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{History: 2})
		for _, value := range []string{"1", "2", "3"} {
			t.put(kv, "a", value)
		}
		_, err := t.js.UpdateKeyValue(t.ctx, jetstream.KeyValueConfig{
			Bucket: kv.Bucket(), History: 5, Description: "new", MaxValueSize: 10, TTL: time.Hour, MaxBytes: 100000,
			Metadata: map[string]string{"k": "v"}, LimitMarkerTTL: time.Minute,
		})
		t.must(err)
		status := t.status(kv)
		t.equal(status.History(), int64(5))
		t.equal(status.TTL(), time.Hour)
		t.equal(status.Config().Description, "new")
		t.equal(status.LimitMarkerTTL(), time.Minute)
		t.equal(status.Metadata()["k"], "v")
		t.put(kv, "a", "4")
		entries, err := kv.History(t.ctx, "a")
		t.must(err)
		t.equal(texts(entries), []string{"a=2@2", "a=3@3", "a=4@4"})
		_, err = kv.PutString(t.ctx, "a", "more than ten bytes")
		t.fails(err, "message size exceeds maximum allowed")
		_, err = t.js.UpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("missing")})
		t.fails(err, jetstream.ErrBucketNotFound)
		_, err = t.js.UpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: kv.Bucket(), Storage: jetstream.MemoryStorage})
		t.fails(err, "stream configuration update can not change storage type")
	})
	add("bucket/create-or-update", func(t *T) {
		name := t.name("b")
		_, err := t.js.CreateOrUpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: name})
		t.must(err)
		kv, err := t.js.CreateOrUpdateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: name, History: 7})
		t.must(err)
		t.equal(t.status(kv).History(), int64(7))
	})
	add("bucket/delete", func(t *T) {
		kv := t.bucket(jetstream.KeyValueConfig{})
		t.put(kv, "a", "1")
		t.must(t.js.DeleteKeyValue(t.ctx, kv.Bucket()))
		t.fails(t.js.DeleteKeyValue(t.ctx, kv.Bucket()), jetstream.ErrBucketNotFound)
		_, err := kv.Put(t.ctx, "a", nil)
		t.fails(err, jetstream.ErrNoStreamResponse)
		_, err = kv.Get(t.ctx, "a")
		t.fails(err, "no responders")
		_, err = kv.Status(t.ctx)
		t.fails(err, jetstream.ErrStreamNotFound)
		again := t.bucket(jetstream.KeyValueConfig{Bucket: kv.Bucket()})
		t.equal(t.values(again), uint64(0))
		t.equal(t.put(again, "a", "2"), uint64(1))
	})
	add("bucket/invalid", func(t *T) {
		for _, name := range []string{"", "a b", "a.b", "a*", "ä", "a/b"} {
			_, err := t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: name})
			t.fails(err, jetstream.ErrInvalidBucketName)
		}
		_, err := t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b"), History: 65})
		t.fails(err, jetstream.ErrHistoryTooLarge)
		_, err = t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b"), Replicas: 3})
		t.fails(err, "replicas > 1 not supported in non-clustered mode")
		_, err = t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b"), LimitMarkerTTL: time.Millisecond})
		t.fails(err, "subject delete marker TTL must be at least 1 second")
		_, err = t.js.CreateKeyValue(t.ctx, jetstream.KeyValueConfig{Bucket: t.name("b"), TTL: time.Millisecond})
		t.fails(err, "max age needs to be >= 100ms")
		kv := t.bucket(jetstream.KeyValueConfig{})
		_, err = t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("s"), Subjects: []string{"$KV." + kv.Bucket() + ".a"}})
		t.fails(err, "subjects overlap with an existing stream")
	})
	add("bucket/republish", func(t *T) {
		for _, headersOnly := range []bool{false, true} {
			target := t.name("target")
			sub, err := t.nc.SubscribeSync(target + ".>")
			t.must(err)
			kv := t.bucket(jetstream.KeyValueConfig{RePublish: &jetstream.RePublish{Destination: target + ".>", HeadersOnly: headersOnly}})
			t.put(kv, "a", "1")
			t.put(kv, "b", "22")
			_, err = sub.NextMsg(patience)
			t.must(err)
			message, err := sub.NextMsg(patience)
			t.must(err)
			t.equal(message.Subject, target+".$KV."+kv.Bucket()+".b")
			t.equal(message.Header.Get("Nats-Sequence"), "2")
			t.equal(message.Header.Get("Nats-Last-Sequence"), "0")
			t.equal(message.Header.Get("Nats-Stream"), "KV_"+kv.Bucket())
			t.equal(message.Header.Get("Nats-Subject"), "$KV."+kv.Bucket()+".b")
			_, err = time.Parse(time.RFC3339Nano, message.Header.Get("Nats-Time-Stamp"))
			t.must(err)
			size, body := "", "22"
			if headersOnly {
				size, body = "2", ""
			}
			t.equal(message.Header.Get("Nats-Msg-Size"), size)
			t.equal(string(message.Data), body)
		}
	})
	add("bucket/mirror", func(t *T) {
		origin := t.bucket(jetstream.KeyValueConfig{History: 3})
		for _, key := range []string{"a", "b", "a"} {
			t.put(origin, key, key)
		}
		mirror := t.bucket(jetstream.KeyValueConfig{Mirror: &jetstream.StreamSource{Name: origin.Bucket()}, History: 3})
		t.equal(t.info(mirror).Config.MirrorDirect, true)
		t.eventually("the mirror has everything", func() bool { return t.values(mirror) == 3 })
		t.equal(t.put(mirror, "c", "through the mirror"), uint64(4))
		// The mirror answers gets of the origin, too, and may do so before it has caught up.
		t.eventually("the origin has it", func() bool {
			got, err := origin.Get(t.ctx, "c")
			return err == nil && string(got.Value()) == "through the mirror"
		})
		t.must(origin.Delete(t.ctx, "b"))
		t.eventually("the mirror follows", func() bool { return t.values(mirror) == 5 && t.info(mirror).Mirror.Lag == 0 })
		info := t.info(mirror)
		t.equal(info.Mirror.Name, "KV_"+origin.Bucket())
		t.equal(info.State.LastSeq, uint64(5))
		message, err := t.stream(mirror).GetMsg(t.ctx, 4)
		t.must(err)
		t.equal(message.Subject, "$KV."+origin.Bucket()+".c")
		t.check(info.Mirror.Active >= 0, "the mirror is active")
		for at := range 100 {
			t.put(origin, fmt.Sprintf("many.%d", at), "1")
		}
		t.eventually("the mirror has caught up", func() bool { return t.values(mirror) == 105 && t.info(mirror).Mirror.Lag == 0 })
		for at := range 100 {
			t.equal(string(t.get(origin, fmt.Sprintf("many.%d", at)).Value()), "1")
		}
		_, err = t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: t.name("s"), MirrorDirect: true})
		t.fails(err, "stream has no mirror but does have mirror direct")
	})
	add("bucket/sources", func(t *T) {
		one, two := t.bucket(jetstream.KeyValueConfig{}), t.bucket(jetstream.KeyValueConfig{})
		t.put(one, "a", "1")
		t.put(two, "b", "2")
		both := t.bucket(jetstream.KeyValueConfig{Sources: []*jetstream.StreamSource{{Name: one.Bucket()}, {Name: two.Bucket()}}})
		t.eventually("both keys arrive", func() bool { return t.values(both) == 2 })
		t.put(one, "c", "3")
		t.put(both, "own", "4")
		t.eventually("the third key arrives", func() bool { return t.values(both) == 4 })
		for key, value := range map[string]string{"a": "1", "b": "2", "c": "3", "own": "4"} {
			t.equal(string(t.get(both, key).Value()), value)
		}
		entries := t.initial(both.Watch(t.ctx, "c"))
		t.equal(entries[0].Key(), "c")
		message, err := t.stream(both).GetLastMsgForSubject(t.ctx, "$KV."+both.Bucket()+".a")
		t.must(err)
		t.check(strings.HasPrefix(message.Header.Get("Nats-Stream-Source"), "KV_"+one.Bucket()+" 1"), "the source is told")
		t.equal(len(t.info(both).Sources), 2)
	})
	add("bucket/source-with-own-transform", func(t *T) {
		origin := t.bucket(jetstream.KeyValueConfig{})
		name := t.name("b")
		rule := jetstream.SubjectTransformConfig{Source: "$KV." + origin.Bucket() + ".in.*", Destination: "$KV." + name + ".out.{{wildcard(1)}}"}
		kv := t.bucket(jetstream.KeyValueConfig{Bucket: name, Sources: []*jetstream.StreamSource{
			{Name: "KV_" + origin.Bucket(), SubjectTransforms: []jetstream.SubjectTransformConfig{rule}}}})
		t.put(origin, "other", "1")
		t.put(origin, "in.x", "2")
		t.eventually("the chosen key arrives", func() bool { return t.values(kv) == 1 })
		t.equal(string(t.get(kv, "out.x").Value()), "2")
	})
	addAlone("bucket/names-and-statuses", func(t *T) {
		// More than the 1,024 names and the 256 statuses that one answer holds.
		const count = 1030
		want := map[string]bool{}
		for range count {
			name := t.name("many")
			want[name] = true
			storage := jetstream.MemoryStorage
			if len(want)%10 == 0 {
				storage = jetstream.FileStorage
			}
			t.bucket(jetstream.KeyValueConfig{Bucket: name, Storage: storage})
		}
		other := t.name("stream")
		_, err := t.js.CreateStream(t.ctx, jetstream.StreamConfig{Name: other})
		t.must(err)
		names := t.js.KeyValueStoreNames(t.ctx)
		listed := map[string]int{}
		for name := range names.Name() {
			listed[strings.TrimPrefix(name, "KV_")]++
		}
		t.must(names.Error())
		stores := t.js.KeyValueStores(t.ctx)
		for status := range stores.Status() {
			listed[status.Bucket()]++
		}
		t.must(stores.Error())
		for name := range want {
			t.equal(listed[name], 2)
		}
		t.equal(listed[other], 0)
		answer := t.api("STREAM.NAMES", `{"offset":1024}`)
		t.equal(answer["limit"], float64(1024))
		t.equal(float64(len(answer["streams"].([]any))), answer["total"].(float64)-1024)
		for name := range want {
			t.must(t.js.DeleteKeyValue(t.ctx, name))
		}
	})
}
